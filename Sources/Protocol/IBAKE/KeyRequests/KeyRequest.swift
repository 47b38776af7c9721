import IdentityBasedEncryption
import MIKEY
import Primitives

/// A user's REQUEST_KEY_INIT_PSK, waiting for the KMS's answer (RFC 6267 section 4.2.1, docs/protocol.md choice 19).
///
/// A value: an answer that is refused changes nothing. Who retries sends the same octets.
/// Randomness is drawn in this order: CSB ID (4 octets), RAND (16).
public struct KeyRequest: Sendable {
    /// The most keys of one request.
    public static let maximumKeyCount = 64

    /// REQUEST_KEY_INIT_PSK.
    public let octets: [UInt8]
    /// The keys asked for.
    public let requested: [DatedIdentity]

    private let message: MIKEYMessage
    private let kms: Identity
    private let suite: AlgorithmSuite
    private let keys: KeyTransport

    /// Makes a request: HDR, T, RAND, IDRi for each key, IDRkms, IDRpsk, V.
    ///
    /// Throws `IBAKEError` for no key or more than 64, and where the machine fails.
    public init(
        _ requested: [DatedIdentity], kms: Identity, preSharedKeyName: [UInt8], preSharedKey: SecretBytes,
        suite: AlgorithmSuite = .sha256, now: UTCTime, random: some RandomSource
    ) throws(IBAKEError) {
        guard requested.count <= Self.maximumKeyCount else { throw .message(.tooManyKeys) }
        guard !requested.isEmpty else { throw .message(.missing("IDRi")) }
        guard preSharedKeyName.count <= UInt16.max else { throw .message(.malformed("IDRpsk of over 65,535 octets")) }
        let csbID = try step { try random.octets(4) }.reduce(0) { $0 << 8 | UInt32($1) }
        let rand = try step { try random.octets(RandPayload.minimumOctetCount) }
        self.requested = requested
        self.kms = kms
        self.suite = suite
        keys = KeyTransport(secret: preSharedKey, csbID: csbID, rand: rand, suite: suite)
        let header = CommonHeader(.requestKeyPSK, expectsAnswer: true, prf: suite.rawValue, csbID: csbID)
        var payloads: [Payload] = [.timestamp(TimestampPayload(NTPTimestamp(now))), .rand(RandPayload(rand))]
        payloads += requested.map { .idr(IDRPayload(.initiator, IdentityPayload(uri: $0.octets))) }
        payloads.append(.idr(IDRPayload(.kms, kms)))
        payloads.append(.idr(IDRPayload(.preSharedKey, IdentityPayload(preSharedKeyName: preSharedKeyName))))
        message = MIKEYMessage(header, payloads)
            .authenticated(
                key: keys.authenticationKey, suite: suite, identities: requested.map(\.octets) + [kms.octets])
        octets = message.octets
    }

    /// Takes REQUEST_KEY_RESP and gives the keys in the order of the request. `parameters` are those of the KMS,
    /// highest serial first; each key is checked to be that of its identity under one of them.
    ///
    /// Throws `IBAKEError` for any other answer, and where the KMS did not give exactly what was asked for.
    public func receive(
        _ response: [UInt8], parameters: [BFPublicParameters]
    ) throws(IBAKEError) -> [BFPrivateKey] {
        let sent = try step { try message.timestamp }
        let answer = try MIKEYMessage(response, .requestKeyResponse, answering: message.header, sent)
        guard try step({ try answer.identity(.kms) }) == kms else { throw .message(.changed("IDRkms")) }
        guard let kemac = answer.kemac else { throw .message(.missing("KEMAC")) }
        let isAuthentic = try step {
            try answer.isAuthentic(
                key: keys.authenticationKey, suite: suite, identities: requested.map(\.octets) + [kms.octets])
        }
        guard isAuthentic else { throw .wrongMAC }
        guard kemac.encryption == suite.encryption else { throw .message(.encryptionAlgorithm(kemac.encryption)) }
        guard kemac.macAlgorithm == .null else { throw .message(.macAlgorithm(kemac.macAlgorithm)) }
        let plaintext = try step { try keys.apply(to: kemac.data, timestamp: sent) }
        let chain: PrivateKeyChain
        do { chain = try PrivateKeyChain(octets: plaintext) } catch { throw .chain(payload: "KEMAC", error) }
        return try take(chain.entries, parameters)
    }

    /// Each wanted key once, in whatever order, and nothing else.
    private func take(
        _ entries: [PrivateKeyChain.Entry], _ parameters: [BFPublicParameters]
    ) throws(IBAKEError) -> [BFPrivateKey] {
        var given: [[UInt8]: SecretBytes] = [:]
        for entry in entries { given[entry.identity] = entry.privateKey }
        guard entries.count == requested.count, given.count == requested.count else {
            throw .mismatch("the number of keys inside the KEMAC")
        }
        var keys: [BFPrivateKey] = []
        for identity in requested {
            guard let der = given[identity.octets] else { throw .mismatch("an identity inside the KEMAC") }
            let fitting = parameters.lazy.compactMap { parameters in
                try? BFPrivateKey(der: der, identity: identity.octets, parameters: parameters)
            }
            guard let key = fitting.first else { throw .mismatch("a private key inside the KEMAC") }
            keys.append(key)
        }
        return keys
    }
}
