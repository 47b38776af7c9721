import IdentityBasedEncryption
import Primitives

/// A front's name of one recipient's stream: 1 to 64 octets, unique among all streams for ever.
public struct StreamID: Sendable, Hashable {
    /// The octets.
    public let octets: [UInt8]

    /// A name from its octets.
    /// - Throws: `FormatError.invalid` unless there are 1 to 64.
    public init(octets: [UInt8]) throws(FormatError) {
        guard (1...64).contains(octets.count) else {
            throw .invalid(field: "stream", reason: "\(octets.count) octets long; 1 to 64 are allowed")
        }
        self.octets = octets
    }
}

/// Which front holds a recipient's stream: a lease that the front renews, so that a front that dies is forgotten.
public struct Route: Sendable, Hashable {
    /// Where delivery workers reach the front: host and port.
    public var front: String
    /// The stream.
    public var stream: StreamID
    /// When the stream was opened; the latest of a mailbox is pushed to.
    public var openedAt: UTCTime
    /// When the lease ends, unless renewed.
    public var expiresAt: UTCTime

    /// A route from its parts.
    public init(front: String, stream: StreamID, openedAt: UTCTime, expiresAt: UTCTime) {
        self.front = front
        self.stream = stream
        self.openedAt = openedAt
        self.expiresAt = expiresAt
    }
}
