import IdentityBasedEncryption
import Primitives

/// Who a profile is, as the KMS enrolled it. Nothing here is secret.
public struct Account: Sendable, Hashable {
    /// The URIs of the account. The first is the one that it sends and receives as when nothing else is said.
    public let identities: [Identity]
    /// IDRkms: the name of the KMS.
    public let kms: [UInt8]
    /// IDRpsk: the name of the pre-shared key.
    public let pskName: [UInt8]
    /// Where the services are.
    public let endpoints: EndpointSource

    /// An account from its parts; `identities` has at least one.
    public init(identities: [Identity], kms: [UInt8], pskName: [UInt8], endpoints: EndpointSource) {
        self.identities = identities
        self.kms = kms
        self.pskName = pskName
        self.endpoints = endpoints
    }
}

extension Account: Codable {
    private enum CodingKeys: String, CodingKey { case identities, kms, pskName = "psk_name", endpoints }

    /// Reads `account.json`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        identities = try container.decode([String].self, forKey: .identities).map { try Identity($0) }
        kms = Array(try container.decode(String.self, forKey: .kms).utf8)
        let name = try container.decode(String.self, forKey: .pskName)
        endpoints = try container.decode(EndpointSource.self, forKey: .endpoints)
        guard !identities.isEmpty, let octets = octets(hexadecimal: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .pskName, in: container, debugDescription: "no identity, or psk_name is not hexadecimal")
        }
        pskName = octets
    }

    /// Writes `account.json`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(identities.map(\.description), forKey: .identities)
        try container.encode(String(decoding: kms, as: UTF8.self), forKey: .kms)
        try container.encode(hexadecimal(pskName), forKey: .pskName)
        try container.encode(endpoints, forKey: .endpoints)
    }
}
