import Primitives

/// The identity that IBE encrypts to: ID data || `YYYY-MM-DD`, without separator (docs/protocol.md choice 12).
public struct DatedIdentity: Hashable, Sendable {
    /// Who.
    public let identity: Identity
    /// The UTC day of the T payload of the message that the ciphertext is in.
    public let day: UTCDay

    /// Somebody on a day.
    public init(_ identity: Identity, on day: UTCDay) {
        self.identity = identity
        self.day = day
    }

    /// The octets that are hashed to a point.
    public var octets: [UInt8] { identity.octets + Array(day.description.utf8) }

    /// Reads the octets. Throws `IBEError.invalidDatedIdentity` where they do not end in a day of the calendar or what is
    /// before it is no identity.
    public init(octets: [UInt8]) throws(IBEError) {
        guard let day = UTCDay(String(decoding: octets.suffix(10), as: UTF8.self)) else {
            throw .invalidDatedIdentity("it does not end in a day")
        }
        do throws(InvalidIdentity) {
            self.init(try Identity(octets: octets.dropLast(10)), on: day)
        } catch {
            throw .invalidDatedIdentity(error.description)
        }
    }
}

extension DatedIdentity: CustomStringConvertible {
    /// The URI, then the day.
    public var description: String { "\(identity)\(day)" }
}
