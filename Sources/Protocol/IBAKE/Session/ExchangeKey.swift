import IdentityBasedEncryption
import MIKEY
import Primitives

/// What names an exchange at a responder: CSB ID and IDRi (docs/protocol.md choice 17).
public struct ExchangeKey: Sendable, Hashable {
    /// CSB ID.
    public let csbID: UInt32
    /// IDRi.
    public let initiator: Identity

    /// The key of an exchange.
    public init(csbID: UInt32, initiator: Identity) {
        self.csbID = csbID
        self.initiator = initiator
    }

    /// The key of the exchange that a message belongs to. Throws `IBAKEError.message` where it cannot be told.
    public init(of octets: [UInt8]) throws(IBAKEError) {
        let message = try step { try MIKEYMessage(octets: octets) }
        self.init(csbID: message.header.csbID, initiator: try step { try message.identity(.initiator) })
    }

    /// CSB ID in four octets, then the ID data: for a store's key.
    public var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.append(bigEndian: csbID)
        return octets + initiator.octets
    }
}
