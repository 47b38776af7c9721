/// The kinds of faults that a schedule deals from, each with its measures.
package enum FaultKind: String, CaseIterable, Hashable, Sendable {
    case killFront, freezeFront, skewFront
    case killWorker, freezeWorker, skewWorker
    case killBroker, freezeBroker, diskFull
    case redisFailover, redisWipe
    case rollingRestart

    /// How long a fault of the kind lasts, in milliseconds. Frozen members stay frozen for longer than a silence may last: what ends
    /// the silence must be the others.
    package var lastsMs: ClosedRange<Int> {
        switch self {
        case .killFront, .killWorker: 1_000...6_000
        case .killBroker: 3_000...8_000
        case .freezeFront, .freezeWorker, .freezeBroker: 11_000...14_000
        case .skewFront, .skewWorker: 6_000...10_000
        case .diskFull: 6_000...9_000
        case .redisFailover: 2_000...5_000
        case .redisWipe: 1_000...1_000
        // An estimate: it lasts until everything serves again.
        case .rollingRestart: 40_000...40_000
        }
    }

    /// How long the cluster is left alone after a fault of the kind, in milliseconds.
    package static let recoveryMs = 6_000

    /// A fault of the kind.
    package func fault(in shape: ClusterShape, random: inout some RandomNumberGenerator) -> Fault {
        let front = Member.front(Int.random(in: 0..<shape.fronts, using: &random))
        let worker = Member.worker(Int.random(in: 0..<shape.workers, using: &random))
        let broker = Int.random(in: 0..<shape.brokers, using: &random)
        // Minutes, and less than the 600 s within which clocks may differ.
        let seconds = Int.random(in: 60...300, using: &random) * (Bool.random(using: &random) ? 1 : -1)
        let lostMs = Int.random(in: 500...2_000, using: &random)
        switch self {
        case .killFront: return .kill(front)
        case .freezeFront: return .freeze(front)
        case .skewFront: return .clockSkew(front, seconds: seconds)
        case .killWorker: return .kill(worker)
        case .freezeWorker: return .freeze(worker)
        case .skewWorker: return .clockSkew(worker, seconds: seconds)
        case .killBroker: return .kill(.broker(broker))
        case .freezeBroker: return .freeze(.broker(broker))
        case .diskFull: return .diskFull(broker: shape.brokerOfSmallDisk)
        case .redisFailover: return .redisFailover(lostMs: lostMs)
        case .redisWipe: return .redisWipe
        case .rollingRestart: return .rollingRestart
        }
    }
}

/// How many members a cluster has.
package struct ClusterShape: Hashable, Sendable {
    package var fronts = 2
    package var workers = 2
    package var brokers = 3
    /// The broker whose disk can be made full.
    package var brokerOfSmallDisk = 2

    package init() {}
}
