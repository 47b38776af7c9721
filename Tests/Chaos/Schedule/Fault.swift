/// A process of the cluster that faults happen to. Numbers count from 0.
package enum Member: Hashable, Sendable, CustomStringConvertible {
    /// A front worker.
    case front(Int)
    /// A delivery worker.
    case worker(Int)
    /// A broker of the log.
    case broker(Int)

    package var description: String {
        switch self {
        case .front(let number): "front \(number + 1)"
        case .worker(let number): "delivery worker \(number + 1)"
        case .broker(let number): "broker \(number + 1)"
        }
    }
}

/// Something bad that is done to a running cluster.
package enum Fault: Hashable, Sendable, CustomStringConvertible {
    /// SIGKILL; the member is started again when the fault ends.
    case kill(Member)
    /// SIGSTOP; SIGCONT when the fault ends.
    case freeze(Member)
    /// The replica of a primary stops to hear of writes; so many milliseconds later the primary is killed and the replica takes
    /// its place. The old primary comes back as a replica when the fault ends.
    case redisFailover(lostMs: Int)
    /// All servers are killed, and come back empty.
    case redisWipe
    /// An operator has the views folded again (`poste rebuild`).
    case rebuild
    /// The disk of a broker is full, and has room again when the fault ends.
    case diskFull(broker: Int)
    /// The member is started again with a clock that is so many seconds ahead (or behind), and with a right one when the fault ends.
    case clockSkew(Member, seconds: Int)
    /// Every process is ended in good order and started again, one after the other.
    case rollingRestart

    package var description: String {
        switch self {
        case .kill(let member): "SIGKILL of \(member)"
        case .freeze(let member): "SIGSTOP of \(member)"
        case .redisFailover(let lostMs): "Redis fails over and loses \(lostMs) ms of writes"
        case .redisWipe: "Redis is wiped"
        case .rebuild: "the views are rebuilt"
        case .diskFull(let broker): "the disk of \(Member.broker(broker)) is full"
        case .clockSkew(let member, let seconds): "the clock of \(member) is \(seconds) s \(seconds < 0 ? "behind" : "ahead")"
            .replacingMinus()
        case .rollingRestart: "rolling restart of everything"
        }
    }

    /// What it is done to; faults of one lane are never under way together.
    package enum Lane: String, CaseIterable, Hashable, Sendable {
        case fronts, workers, brokers, redis, everything
    }

    /// What it is done to.
    package var lane: Lane {
        switch self {
        case .kill(let member), .freeze(let member), .clockSkew(let member, _):
            switch member {
            case .front: .fronts
            case .worker: .workers
            case .broker: .brokers
            }
        case .redisFailover, .redisWipe, .rebuild: .redis
        case .diskFull: .brokers
        case .rollingRestart: .everything
        }
    }
}

extension String {
    fileprivate func replacingMinus() -> String { String(filter { $0 != "-" }) }
}
