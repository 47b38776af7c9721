import IdentityBasedEncryption
import Primitives

/// What a front says of the streams that it holds, for many at once: JSON in the presence topic, under the front's
/// address as key.
///
///     {"front": "10.0.0.5:7443", "lease_ms": 30000,
///      "open": [{"entity": "sip:bob@example.com", "stream": "<hex>", "opened_ms": 1796117402250}],
///      "closed": [{"entity": "sip:eve@example.com", "stream": "<hex>"}]}
///
/// A lease runs from when the log took the record, by the log's clock.
public struct RouteRenewal: Sendable, Hashable {
    /// The most streams that one record may name.
    public static let streamLimit = 256
    /// The most octets of a record.
    static let octetLimit = 1 << 18

    /// A stream of somebody's.
    public struct Stream: Sendable, Hashable {
        /// Whose it is.
        public var entity: Identity
        /// Its name.
        public var stream: StreamID
        /// When it was opened.
        public var openedAt: UTCTime

        /// A stream from its parts.
        public init(entity: Identity, stream: StreamID, openedAt: UTCTime) {
            self.entity = entity
            self.stream = stream
            self.openedAt = openedAt
        }
    }

    /// A stream that is gone.
    public struct Closed: Sendable, Hashable {
        /// Whose it was.
        public var entity: Identity
        /// Its name.
        public var stream: StreamID

        /// A closed stream from its parts.
        public init(entity: Identity, stream: StreamID) {
            self.entity = entity
            self.stream = stream
        }
    }

    /// Where delivery workers reach the front: host and port.
    public var front: String
    /// How long the lease runs, in ms.
    public var leaseMs: Int64
    /// Streams opened, or still open.
    public var open: [Stream]
    /// Streams closed.
    public var closed: [Closed]

    /// A renewal from its parts.
    public init(front: String, leaseMs: Int64, open: [Stream] = [], closed: [Closed] = []) {
        self.front = front
        self.leaseMs = leaseMs
        self.open = open
        self.closed = closed
    }

    init(_ json: JSON) throws(FormatError) {
        guard let front = json["front"] else { throw .truncated(field: "front") }
        self.front = try front.text("front")
        try checkAddress(self.front, field: "front")
        guard let lease = json["lease_ms"] else { throw .truncated(field: "lease_ms") }
        leaseMs = try lease.natural("lease_ms")
        guard leaseMs <= Presence.lifetimeMs else {
            throw .invalid(field: "lease_ms", reason: "at most \(Presence.lifetimeMs) are allowed")
        }
        open = []
        for item in try json["open"]?.list("open") ?? [] {
            let (entity, stream) = try Self.names(item)
            guard let opened = item["opened_ms"] else { throw .truncated(field: "opened_ms") }
            let openedAt = UTCTime(milliseconds: try opened.natural("opened_ms"))
            open.append(Stream(entity: entity, stream: stream, openedAt: openedAt))
        }
        closed = []
        for item in try json["closed"]?.list("closed") ?? [] {
            let (entity, stream) = try Self.names(item)
            closed.append(Closed(entity: entity, stream: stream))
        }
        guard open.count + closed.count <= Self.streamLimit else {
            throw .invalid(field: "open and closed", reason: "at most \(Self.streamLimit) streams are allowed")
        }
    }

    private static func names(_ item: JSON) throws(FormatError) -> (Identity, StreamID) {
        guard let entity = item["entity"] else { throw .truncated(field: "entity") }
        guard let stream = item["stream"] else { throw .truncated(field: "stream") }
        guard let octets = octets(hexadecimal: try stream.text("stream")) else {
            throw .invalid(field: "stream", reason: "hex digits are needed")
        }
        let name = try identity(Array(entity.text("entity").utf8), field: "entity")
        return (name, try StreamID(octets: octets))
    }

    /// The renewal as JSON, on one line.
    public var json: [UInt8] {
        let open = open.map { stream in
            "{\"entity\":\(JSON.quoted(stream.entity.description)),\"stream\":\"\(hexadecimal(stream.stream.octets))\","
                + "\"opened_ms\":\(stream.openedAt.wire)}"
        }
        let closed = closed.map { stream in
            "{\"entity\":\(JSON.quoted(stream.entity.description)),\"stream\":\"\(hexadecimal(stream.stream.octets))\"}"
        }
        let text =
            "{\"front\":\(JSON.quoted(front)),\"lease_ms\":\(leaseMs),"
            + "\"open\":[\(open.joined(separator: ","))],\"closed\":[\(closed.joined(separator: ","))]}"
        return Array(text.utf8)
    }

    /// The same, a record for each partition and for each 256 streams, in the order of the partitions.
    public func split(partitionCount: Int) -> [(partition: Int, renewal: RouteRenewal)] {
        var parts: [(partition: Int, renewal: RouteRenewal)] = []
        let opened = Dictionary(grouping: open) { Partitioner.partition(of: $0.entity, count: partitionCount) }
        let gone = Dictionary(grouping: closed) { Partitioner.partition(of: $0.entity, count: partitionCount) }
        for partition in Set(opened.keys).union(gone.keys).sorted() {
            var open = opened[partition, default: []][...]
            var closed = gone[partition, default: []][...]
            while !open.isEmpty || !closed.isEmpty {
                let first = open.prefix(Self.streamLimit)
                let second = closed.prefix(Self.streamLimit - first.count)
                let part = RouteRenewal(front: front, leaseMs: leaseMs, open: Array(first), closed: Array(second))
                parts.append((partition, part))
                open = open.dropFirst(first.count)
                closed = closed.dropFirst(second.count)
            }
        }
        return parts
    }
}
