/// What a person wants to know first of a cluster: does mail flow, and if not, why.
public struct Verdict: Sendable, Hashable {
    /// How bad it is.
    public enum Level: String, Sendable, Comparable, CaseIterable {
        /// Nothing to do.
        case good
        /// Somebody should look, soon.
        case warning
        /// Mail does not flow as it should.
        case bad

        /// Better before worse.
        public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .good: 0
            case .warning: 1
            case .bad: 2
            }
        }
    }

    /// One thing to know.
    public struct Finding: Sendable, Hashable {
        /// How bad it is.
        public let level: Level
        /// In words.
        public let text: String
    }

    /// The worst first; one that says that all is well where there is nothing else.
    public let findings: [Finding]

    /// How bad it is, all in all.
    public var level: Level { findings.first?.level ?? .good }

    /// Judges a status.
    public init(_ status: ClusterStatus) {
        var found: [Finding] = []
        for fault in status.faults { found.append(Finding(level: .bad, text: "cannot find out \(fault)")) }
        for member in status.members where !member.lacks.isEmpty {
            found.append(
                Finding(
                    level: .bad, text: "\(member.role) \(member.name) lacks \(member.lacks.joined(separator: "; "))"))
        }
        let unowned = status.partitions.filter { $0.owner == nil }.map(\.partition)
        if !unowned.isEmpty {
            found.append(
                Finding(
                    level: .bad,
                    text: "nobody works for partition\(unowned.count == 1 ? "" : "s") \(Self.list(unowned))"))
        }
        for partition in status.partitions where partition.lag + partition.presenceLag > 1000 {
            found.append(
                Finding(
                    level: .warning,
                    text:
                        "partition \(partition.partition) is \(partition.lag + partition.presenceLag) records behind its log"
                ))
        }
        func figure(_ name: String) -> Double { status.totals[name] ?? 0 }
        if figure("contents_lost") > 0 {
            found.append(Finding(level: .bad, text: "the log has lost contents of mail that waits"))
        }
        if figure("shed_per_s") > 0 {
            found.append(
                Finding(level: .warning, text: "more handshakes come than the fronts can answer: some are shed"))
        }
        if let wait = status.totals["push_wait_p99_ms"], wait > 5000 {
            found.append(Finding(level: .warning, text: "recipients who are there wait up to \(Int(wait / 1000)) s"))
        }
        if let commit = status.totals["commit_p99_ms"], commit > 1000 {
            found.append(Finding(level: .warning, text: "the log takes up to \(Int(commit)) ms for a deposit"))
        }
        if figure("errors_per_s") > 0 { found.append(Finding(level: .warning, text: "errors are being logged")) }
        if figure("dead_letters") > 0 {
            let count = Int(figure("dead_letters"))
            found.append(
                Finding(
                    level: .warning,
                    text: "\(count) dead letter\(count == 1 ? "" : "s"): 'poste dead-letters' shows them"))
        }
        if found.isEmpty {
            let flows = figure("deposits_per_s") + figure("answers_per_s") + figure("pushes_per_s") > 0
            found.append(Finding(level: .good, text: flows ? "mail flows" : "all is well, and nothing to do"))
        }
        findings = found.enumerated().sorted { ($1.element.level, $0.offset) < ($0.element.level, $1.offset) }.map(
            \.element)
    }

    /// Numbers with runs drawn together: `0-3, 7`.
    public static func list(_ numbers: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for number in numbers.sorted() {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
            separator: ", ")
    }
}
