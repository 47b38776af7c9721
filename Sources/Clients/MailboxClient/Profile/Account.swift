import IdentityBasedEncryption
import Primitives

/// Who a profile is, as the KMS enrolled it. Nothing here is secret.
public struct Account: Sendable, Hashable {
    /// The URIs of the account. The first is the one that it sends and receives as when nothing else is said.
    public let identities: [Identity]
    /// IDRkms: the name of the KMS.
    public let kms: Identity
    /// IDRpsk: the name of the pre-shared key.
    public let pskName: [UInt8]
    /// Where the services are.
    public let endpoints: EndpointSource
    /// Whether parameters of security level 1024 are accepted, which protects nothing: for tests.
    public let acceptsTestLevel: Bool

    /// An account from its parts; `identities` has at least one.
    public init(
        identities: [Identity], kms: Identity, pskName: [UInt8], endpoints: EndpointSource,
        acceptsTestLevel: Bool = false
    ) {
        self.identities = identities
        self.kms = kms
        self.pskName = pskName
        self.endpoints = endpoints
        self.acceptsTestLevel = acceptsTestLevel
    }
}

extension Account: Codable {
    private enum CodingKeys: String, CodingKey {
        case identities, kms
        case pskName = "psk_name"
        case endpoints
        case acceptsTestLevel = "insecure_test_level"
    }

    /// Reads `account.json`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        identities = try container.decode([String].self, forKey: .identities).map { try Identity($0) }
        kms = try Identity(try container.decode(String.self, forKey: .kms))
        let name = try container.decode(String.self, forKey: .pskName)
        endpoints = try container.decode(EndpointSource.self, forKey: .endpoints)
        acceptsTestLevel = try container.decodeIfPresent(Bool.self, forKey: .acceptsTestLevel) ?? false
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
        try container.encode(kms.description, forKey: .kms)
        try container.encode(hexadecimal(pskName), forKey: .pskName)
        try container.encode(endpoints, forKey: .endpoints)
        if acceptsTestLevel { try container.encode(true, forKey: .acceptsTestLevel) }
    }
}
