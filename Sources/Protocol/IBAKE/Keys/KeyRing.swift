import IdentityBasedEncryption
import Primitives

/// What one party knows: the public parameters of KMSs and its own private keys.
public struct KeyRing: Sendable {
    private let ownParameters: [BFPublicParameters]
    private let ownDomains: OwnDomains
    private var parametersByDomain: [String: [BFPublicParameters]] = [:]
    private var privateKeys: [DatedIdentity: [BFPrivateKey]] = [:]

    /// Which domains belong to one's own KMS, besides names without a DOMAIN, which always do.
    public enum OwnDomains: Sendable {
        /// All for which no other parameters are set.
        case all
        /// None but those that are set: other names are unknown.
        case listed
    }

    /// The parameters of one's own KMS: those of the highest serial first, as long as two are valid.
    public init(parameters: [BFPublicParameters], for ownDomains: OwnDomains = .all) {
        ownParameters = parameters
        self.ownDomains = ownDomains
    }

    /// The parameters of the KMS of a domain, highest serial first.
    public mutating func setParameters(_ parameters: [BFPublicParameters], forDomain domain: String) {
        parametersByDomain[domain] = parameters
    }

    /// Adds a private key. Throws `IBEError` where its identity is not a dated one.
    public mutating func add(_ key: BFPrivateKey) throws(IBEError) {
        privateKeys[try DatedIdentity(octets: key.identity), default: []].append(key)
    }

    /// Forgets private keys of days before that one.
    public mutating func removePrivateKeys(before day: UTCDay) {
        privateKeys = privateKeys.filter { $0.key.day >= day }
    }

    /// The parameters to encrypt with to an identity, highest serial first: those of its DOMAIN's KMS, or where none
    /// are known those of one's own (docs/protocol.md choice 1).
    public func parameters(for identity: Identity) -> [BFPublicParameters] {
        guard let domain = identity.domain else { return ownParameters }
        return parametersByDomain[domain] ?? (ownDomains == .all ? ownParameters : [])
    }

    /// The private keys of a dated identity: one for each serial.
    public func privateKeys(for identity: DatedIdentity) -> [BFPrivateKey] { privateKeys[identity] ?? [] }
}

extension KeyRing {
    /// Encrypts to somebody on a day under the parameters of the highest serial. Draws rho.
    func encrypt(
        _ plaintext: SecretBytes, to identity: DatedIdentity, random: some RandomSource
    ) throws(IBAKEError) -> [UInt8] {
        guard let parameters = parameters(for: identity.identity).first else { throw .noParameters(identity.identity) }
        do {
            return try parameters.encrypt(plaintext, to: identity.octets, random: random)
        } catch {
            throw .failure("\(error)")
        }
    }

    /// Decrypts what was sent to a dated identity of ours. Whether there is a key and whether it opens is all that an
    /// error tells.
    func decrypt(
        _ payload: String, _ encrypted: [UInt8], as identity: DatedIdentity
    ) throws(IBAKEError) -> SecretBytes {
        let keys = privateKeys(for: identity)
        guard !keys.isEmpty else { throw .noPrivateKey(identity) }
        for key in keys {
            if let plaintext = try? key.decrypt(encrypted) { return plaintext }
        }
        throw .undecryptable(payload: payload, identity)
    }
}
