import Foundation

/// What one process of a cluster says of itself.
public struct MemberStatus: Codable, Sendable, Hashable {
    /// Tells it from any other process, for ever.
    public var id: String
    /// `front`, `deliver`, `kms` or `dev`.
    public var role: String
    /// Where it serves, as its operator named it; `HOST:PORT`.
    public var name: String
    /// Where its admin page is; none where it has none.
    public var admin: String?
    /// The version of its program.
    public var version: String
    /// When it started, ms since 1970.
    public var startedMs: Int64
    /// When it said this, ms since 1970.
    public var atMs: Int64
    /// What it lacks before it serves; nothing where it is ready.
    public var lacks: [String]
    /// The partitions that it owns, in ascending order.
    public var partitions: [Int]
    /// Rates, latencies and levels by their names (docs/operations/metrics.md).
    public var figures: [String: Double]

    /// `ready`, or the names of what it lacks without the reasons.
    public var state: String {
        guard !lacks.isEmpty else { return "ready" }
        return "lacks " + lacks.map { String($0.prefix { $0 != ":" }) }.joined(separator: ", ")
    }

    /// A status from its parts.
    public init(
        id: String, role: String, name: String, admin: String?, version: String, startedMs: Int64, atMs: Int64,
        lacks: [String] = [], partitions: [Int] = [], figures: [String: Double] = [:]
    ) {
        self.id = id
        self.role = role
        self.name = name
        self.admin = admin
        self.version = version
        self.startedMs = startedMs
        self.atMs = atMs
        self.lacks = lacks
        self.partitions = partitions
        self.figures = figures
    }

    enum CodingKeys: String, CodingKey {
        case id, role, name, admin, version, lacks, partitions, figures
        case startedMs = "started_ms"
        case atMs = "at_ms"
    }
}
