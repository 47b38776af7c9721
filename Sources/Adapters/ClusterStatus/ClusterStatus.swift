import Foundation

/// What one process knows of the whole cluster: the answer of `/status.json`.
public struct ClusterStatus: Codable, Sendable, Hashable {
    /// One partition of the topics.
    public struct Partition: Codable, Sendable, Hashable {
        /// Its number.
        public var partition: Int
        /// The `id` of the member that owns it; none where nobody says so.
        public var owner: String?
        /// Records of the envelopes topic that the view has not seen.
        public var lag: UInt64
        /// Records of the presence topic that the view has not seen.
        public var presenceLag: UInt64
        /// Deposits and receipts that wait.
        public var pending: UInt64
        /// Dead letters that nobody has replayed.
        public var deadLetters: UInt64

        enum CodingKeys: String, CodingKey {
            case partition, owner, lag, pending
            case presenceLag = "presence_lag"
            case deadLetters = "dead_letters"
        }
    }

    /// What one moment was like, for the curves.
    public struct Moment: Codable, Sendable, Hashable {
        /// ms since 1970.
        public var atMs: Int64
        /// Deposits stored in a second, in the whole cluster.
        public var deposits: Double
        /// Answers of recipients in a second.
        public var answers: Double
        /// Deposits that wait.
        public var pending: Double

        enum CodingKeys: String, CodingKey {
            case deposits, answers, pending
            case atMs = "at_ms"
        }
    }

    /// When this was so, ms since 1970.
    public var atMs: Int64
    /// The `id` of who says this.
    public var by: String
    /// All processes that share the stores, the one that says this first. A KMS stands apart: it has no part in the stores.
    public var members: [MemberStatus]
    /// All partitions; empty where the process does not know the log.
    public var partitions: [Partition]
    /// Sums over all members, by the figures' names.
    public var totals: [String: Double]
    /// The last minutes, for as long as somebody looked.
    public var history: [Moment]
    /// What could not be found out, and why.
    public var faults: [String]

    enum CodingKeys: String, CodingKey {
        case by, members, partitions, totals, history, faults
        case atMs = "at_ms"
    }

    /// Takes what a member says now in the place of what it said before.
    mutating func replace(_ member: MemberStatus) {
        members = members.map { $0.id == member.id ? member : $0 }
        for index in partitions.indices {
            let isOwned = member.partitions.contains(partitions[index].partition)
            if isOwned { partitions[index].owner = partitions[index].owner ?? member.id }
            if !isOwned, partitions[index].owner == member.id { partitions[index].owner = nil }
        }
        totals = Self.totals(of: members, partitions)
    }

    /// Sums what can be summed; of latencies the worst counts. What waits and lags the stores know better than the owners of the
    /// partitions, who look every few seconds.
    static func totals(of members: [MemberStatus], _ partitions: [Partition]) -> [String: Double] {
        var totals: [String: Double] = [:]
        for (name, value) in members.flatMap(\.figures) {
            totals[name] = name.hasSuffix("_ms") ? max(totals[name] ?? 0, value) : (totals[name] ?? 0) + value
        }
        if !partitions.isEmpty {
            totals["pending"] = partitions.reduce(0) { $0 + Double($1.pending) }
            totals["lag"] = partitions.reduce(0) { $0 + Double($1.lag) + Double($1.presenceLag) }
            totals["dead_letters"] = partitions.reduce(0) { $0 + Double($1.deadLetters) }
        }
        return totals
    }
}
