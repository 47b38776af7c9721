import IBAKE
import IdentityBasedEncryption
import MailboxAPI
import Primitives
import RPC

/// What a KMS is asked over gRPC: its parameters, and private keys by REQUEST_KEY_INIT_PSK (RFC 6267 section 4.2.1).
public struct KeyManagementClient: Sendable {
    private let channel: RPCChannel
    private let credentials: Credentials
    private let random: any RandomSource
    private let patience: Duration
    private let acceptsTestLevel: Bool

    /// What proves an account to its KMS.
    public struct Credentials: Sendable {
        /// IDRkms.
        public var kms: Identity
        /// IDRpsk data.
        public var preSharedKeyName: [UInt8]
        /// The pre-shared key, 32 octets.
        public var preSharedKey: SecretBytes

        /// Credentials from their parts.
        public init(kms: Identity, preSharedKeyName: [UInt8], preSharedKey: SecretBytes) {
            self.kms = kms
            self.preSharedKeyName = preSharedKeyName
            self.preSharedKey = preSharedKey
        }
    }

    /// A client of the KMS that the channel leads to.
    ///
    /// - Parameters:
    ///   - patience: how long a call may take, a KMS that cannot be reached included.
    ///   - acceptsTestLevel: whether parameters of level 1024 are accepted, which protects nothing.
    public init(
        channel: RPCChannel, credentials: Credentials, acceptsTestLevel: Bool = false,
        random: any RandomSource = SystemRandom(), patience: Duration = .seconds(20)
    ) {
        self.channel = channel
        self.credentials = credentials
        self.acceptsTestLevel = acceptsTestLevel
        self.random = random
        self.patience = patience
    }

    /// The KMS's public parameters that are valid now, highest serial first.
    ///
    /// Throws `RPCStatus`, and `IBEError` where there are none that may be used.
    public func parameters(now: UTCTime) async throws -> [BFPublicParameters] {
        let answer = try await channel.call(
            Methods.getParameters, GetParametersRequest(), deadline: patience, waitsForReady: true)
        return try PublishedParameters.usable(answer.parameters, at: now, acceptsTestLevel: acceptsTestLevel)
    }

    /// The private keys of dated identities of this account, in their order, each checked under the parameters.
    ///
    /// Asks again with the same octets while the KMS cannot be reached. Throws `IBAKEError`, `RPCStatus`.
    public func privateKeys(
        of identities: [DatedIdentity], under parameters: [BFPublicParameters], now: UTCTime
    ) async throws -> [BFPrivateKey] {
        var keys: [BFPrivateKey] = []
        var rest = identities[...]
        while !rest.isEmpty {
            let request = try KeyRequest(
                Array(rest.prefix(KeyRequest.maximumKeyCount)), kms: credentials.kms,
                preSharedKeyName: credentials.preSharedKeyName, preSharedKey: credentials.preSharedKey, now: now,
                random: random)
            rest = rest.dropFirst(KeyRequest.maximumKeyCount)
            let answer = try await channel.call(
                Methods.requestKeys, MailboxAPI.MIKEYMessage(octets: request.octets), deadline: patience,
                waitsForReady: true)
            keys += try request.receive(answer.octets, parameters: parameters)
        }
        return keys
    }
}
