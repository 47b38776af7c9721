import IdentityBasedEncryption
import MIKEY
import Primitives

/// A REQUEST_KEY_INIT_PSK at the KMS, whose outside was checked and whose V was not: what it names is nobody's word yet
/// (RFC 6267 section 4.2.1.2, docs/protocol.md choice 19).
public struct ReceivedKeyRequest: Sendable {
    /// CSB ID; with the user it names the exchange (docs/protocol.md choice 17).
    public let csbID: UInt32
    /// IDRpsk: which pre-shared key, and so which user.
    public let preSharedKeyName: [UInt8]
    /// The keys asked for, in their order; 1 to 64.
    public let requested: [DatedIdentity]
    /// SHA-256 of the request as sent: a repeat has the same (docs/protocol.md choice 17).
    public let digest: [UInt8]
    /// Before this instant the KMS must not forget the exchange: T + 600 s.
    public let expires: UTCTime

    fileprivate let message: MIKEYMessage
    fileprivate let kms: Identity
    fileprivate let suite: AlgorithmSuite
    fileprivate let rand: [UInt8]
    fileprivate let timestamp: NTPTimestamp

    /// Reads a request to the KMS of that name. Throws `IBAKEError`.
    public init(
        _ octets: [UInt8], kms: Identity, suites: Set<AlgorithmSuite> = [.sha256], now: UTCTime
    ) throws(IBAKEError) {
        let message = try step { try MIKEYMessage(octets: octets) }
        guard message.header.dataType == DataType.requestKeyPSK.rawValue else {
            throw .unexpectedMessage(message.header.dataType)
        }
        (suite, timestamp, rand) = try step {
            try message.requirePayloads(of: .requestKeyPSK)
            guard message.header.map == .empty else { throw MIKEYError.map }
            let suite = try AlgorithmSuite(prf: message.header.prf, enabled: suites)
            let timestamp = try message.timestamp
            try timestamp.requireNear(now)
            return (suite, timestamp, try message.rand)
        }
        guard try step({ try message.identity(.kms) }) == kms else {
            throw .notServed(try step { try message.identity(.kms) })
        }
        preSharedKeyName = try step { try message.preSharedKeyName }
        requested = try step { try message.datedIdentities }
        csbID = message.header.csbID
        digest = HashFunction.sha256.hash(octets)
        expires = timestamp.time.advanced(byMilliseconds: NTPTimestamp.window + 1)
        self.message = message
        self.kms = kms
    }

    /// Checks V. `nil` stands for a pre-shared key that nobody has: it looks like a wrong MAC, and takes as long.
    ///
    /// Throws `IBAKEError.wrongMAC`.
    public func authenticated(by preSharedKey: SecretBytes?) throws(IBAKEError) -> AuthenticKeyRequest {
        let secret = preSharedKey ?? SecretBytes([UInt8](repeating: 0, count: 32))
        let keys = KeyTransport(secret: secret, csbID: csbID, rand: rand, suite: suite)
        let isAuthentic = try step {
            try message.isAuthentic(
                key: keys.authenticationKey, suite: suite, identities: requested.map(\.octets) + [kms.octets])
        }
        guard isAuthentic, preSharedKey != nil else { throw .wrongMAC }
        return AuthenticKeyRequest(request: self, keys: keys)
    }
}

/// A request whose V was right. Whether the user may have the keys is for the KMS to judge.
public struct AuthenticKeyRequest: Sendable {
    /// The request.
    public let request: ReceivedKeyRequest
    fileprivate let keys: KeyTransport

    /// Makes REQUEST_KEY_RESP: HDR, T, IDRkms, KEMAC, V (RFC 6267 section 4.2.1.3). The same request with the same
    /// keys gives the same octets.
    ///
    /// `privateKeys` are those of `request.requested`, in that order. Throws `IBAKEError` where they are not, and
    /// Error 12 where they exceed a KEMAC.
    public func response(_ privateKeys: [BFPrivateKey]) throws(IBAKEError) -> [UInt8] {
        guard privateKeys.map(\.identity) == request.requested.map(\.octets) else {
            throw .failure("private keys of other identities than those requested")
        }
        let chain = PrivateKeyChain(
            privateKeys.map { PrivateKeyChain.Entry(identity: $0.identity, privateKey: $0.der) })
        let plaintext = try step { try chain.octets }
        let encrypted = try step { try keys.apply(to: plaintext, timestamp: request.timestamp) }
        var header = request.message.header
        header.dataType = DataType.requestKeyResponse.rawValue
        header.expectsAnswer = false
        let kemac = KEMACPayload(encryption: request.suite.encryption, data: encrypted.exposedCopy())
        return MIKEYMessage(
            header,
            [
                .timestamp(TimestampPayload(request.timestamp)), .idr(IDRPayload(.kms, request.kms)), .kemac(kemac),
            ]
        ).authenticated(
            key: keys.authenticationKey, suite: request.suite,
            identities: request.requested.map(\.octets) + [request.kms.octets]
        ).octets
    }
}

extension MIKEYMessage {
    /// IDRpsk, an octet string (docs/protocol.md choice 19).
    fileprivate var preSharedKeyName: [UInt8] {
        get throws(MIKEYError) {
            guard let name = identities(.preSharedKey).first else { throw .missing("IDRpsk") }
            return try name.octetString
        }
    }

    /// The dated identities of all IDRi.
    fileprivate var datedIdentities: [DatedIdentity] {
        get throws(MIKEYError) {
            let payloads = identities(.initiator)
            guard payloads.count <= KeyRequest.maximumKeyCount else { throw .tooManyKeys }
            var found: [DatedIdentity] = []
            for payload in payloads {
                let data = try payload.uri
                do { found.append(try DatedIdentity(octets: data)) } catch { throw .undated }
            }
            return found
        }
    }
}
