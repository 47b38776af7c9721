import TestVectors

/// A fault with its time.
package struct ScheduledFault: Hashable, Sendable {
    /// Its number in the schedule, from 1.
    package var number: Int
    /// When it begins, in milliseconds after the start. In the first part it begins later where the fault before it took longer.
    package var beginsMs: Int
    /// How long it lasts, in milliseconds.
    package var lastsMs: Int
    /// What happens.
    package var fault: Fault
    /// Whether it happens alone, and the cluster has time to recover.
    package var isSingle: Bool

    package init(number: Int, beginsMs: Int, lastsMs: Int, fault: Fault, isSingle: Bool) {
        self.number = number
        self.beginsMs = beginsMs
        self.lastsMs = lastsMs
        self.fault = fault
        self.isSingle = isSingle
    }
}

/// What happens to a cluster, and when: the same for the same seed, length and shape.
///
/// In the first part (three quarters of the time) faults come one at a time, each followed by time to recover, so that a silence has one
/// cause. In the second part faults of different lanes overlap. Each kind comes before any comes again, as far as there is time.
package struct Schedule: Hashable, Sendable {
    /// What it was made from.
    package let seed: UInt64
    /// How long it takes, in milliseconds.
    package let lengthMs: Int
    /// In the order of their beginnings.
    package let faults: [ScheduledFault]

    /// How long the cluster runs before the first fault, in milliseconds.
    package static let calmMs = 4_000
    /// A rolling restart takes most of a minute: shorter schedules have none.
    package static let shortestWithRollingRestartMs = 150_000

    /// A schedule from a seed.
    /// - Parameter kinds: what it deals from.
    package init(
        seed: UInt64, lengthMs: Int, shape: ClusterShape = ClusterShape(), kinds: [FaultKind] = FaultKind.allCases
    ) {
        self.seed = seed
        self.lengthMs = lengthMs
        var dealer = Dealer(random: SeededGenerator(seed: seed), shape: shape, kinds: kinds)
        var faults = Self.singles(
            until: lengthMs * 3 / 4, &dealer,
            withRollingRestart: lengthMs >= Self.shortestWithRollingRestartMs && kinds.contains(.rollingRestart))
        let begin = (faults.last.map { $0.beginsMs + $0.lastsMs + FaultKind.recoveryMs } ?? Self.calmMs)
        faults += Self.overlapping(from: begin, until: lengthMs - FaultKind.recoveryMs, &dealer)
        faults.sort { ($0.beginsMs, $0.number) < ($1.beginsMs, $1.number) }
        self.faults = faults.indices.map { index in
            var fault = faults[index]
            fault.number = index + 1
            return fault
        }
    }

    /// These faults and no others, one after the other.
    package init(_ faults: [Fault], seed: UInt64) {
        self.seed = seed
        var now = Self.calmMs
        var scheduled: [ScheduledFault] = []
        for fault in faults {
            let lastsMs = 1_000
            scheduled.append(
                ScheduledFault(
                    number: scheduled.count + 1, beginsMs: now, lastsMs: lastsMs, fault: fault, isSingle: true))
            now += lastsMs + FaultKind.recoveryMs
        }
        self.faults = scheduled
        lengthMs = now
    }

    private static func singles(until end: Int, _ dealer: inout Dealer, withRollingRestart: Bool) -> [ScheduledFault] {
        var faults: [ScheduledFault] = []
        var now = calmMs
        var kinds = dealer.round(dealer.kinds.filter { withRollingRestart || $0 != .rollingRestart })
        if withRollingRestart {
            // It fits only early.
            kinds.removeAll { $0 == .rollingRestart }
            kinds.insert(.rollingRestart, at: dealer.number(in: 0...2))
        }
        while true {
            if kinds.isEmpty { kinds = dealer.round(dealer.kinds.filter { withRollingRestart || $0 != .rollingRestart }) }
            let room = end - now - FaultKind.recoveryMs
            guard let index = kinds.firstIndex(where: { $0.lastsMs.upperBound <= room }) else { break }
            let fault = dealer.deal(kinds.remove(at: index), at: now, isSingle: true)
            faults.append(fault)
            now += fault.lastsMs + FaultKind.recoveryMs
        }
        return faults
    }

    private static func overlapping(from begin: Int, until end: Int, _ dealer: inout Dealer) -> [ScheduledFault] {
        var faults: [ScheduledFault] = []
        var free: [Fault.Lane: Int] = [:]
        var now = begin
        while now < end {
            let kinds = dealer.leastDealt(dealer.kinds.filter { $0 != .rollingRestart })
            let fit = kinds.first { free[dealer.lane(of: $0), default: begin] <= now && now + $0.lastsMs.upperBound <= end }
            if let fit {
                let fault = dealer.deal(fit, at: now, isSingle: false)
                faults.append(fault)
                // What was hit must be back before it is hit again.
                free[fault.fault.lane] = now + fault.lastsMs + 4_000
            }
            now += dealer.number(in: 1_000...4_000)
        }
        return faults
    }
}

/// Deals faults, and knows how often each kind was dealt.
private struct Dealer {
    var random: SeededGenerator
    let shape: ClusterShape
    let kinds: [FaultKind]
    var dealt: [FaultKind: Int] = [:]

    mutating func number(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func round(_ kinds: [FaultKind]) -> [FaultKind] { kinds.shuffled(using: &random) }

    /// In random order, those first that were dealt least.
    mutating func leastDealt(_ kinds: [FaultKind]) -> [FaultKind] {
        let mixed = kinds.shuffled(using: &random)
        return mixed.indices.sorted {
            (dealt[mixed[$0], default: 0], $0) < (dealt[mixed[$1], default: 0], $1)
        }.map { mixed[$0] }
    }

    func lane(of kind: FaultKind) -> Fault.Lane {
        var random = SeededGenerator(seed: 0)
        return kind.fault(in: shape, random: &random).lane
    }

    mutating func deal(_ kind: FaultKind, at now: Int, isSingle: Bool) -> ScheduledFault {
        dealt[kind, default: 0] += 1
        return ScheduledFault(
            number: 0, beginsMs: now, lastsMs: number(in: kind.lastsMs), fault: kind.fault(in: shape, random: &random),
            isSingle: isSingle)
    }
}

extension Schedule: CustomStringConvertible {
    /// A line for each fault.
    package var description: String {
        let lines = faults.map { fault in
            "  \(seconds(fault.beginsMs)) s  \(fault.isSingle ? " " : "+") \(fault.fault), for \(seconds(fault.lastsMs)) s"
        }
        return "seed \(seed), \(lengthMs / 1000) s, \(faults.count) faults (+: overlapping)\n" + lines.joined(separator: "\n")
    }

    private func seconds(_ milliseconds: Int) -> String { "\(milliseconds / 1000).\(milliseconds % 1000 / 100)" }
}
