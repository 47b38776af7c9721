import IBAKE
import IdentityBasedEncryption
import MailboxAPI
import Primitives
import WorkPool

/// The keys of a profile: from its cache, and from the KMS where they are missing.
actor OwnKeys {
    /// How many days beyond the one that is needed are fetched with it.
    private static let daysAhead: Int64 = 3

    private let profile: Profile
    private let caller: RetryingCaller
    private let pool: WorkPool
    private let now: @Sendable () -> UTCTime
    private let observe: @Sendable (ClientEvent) -> Void

    private var cache: KeyCache?
    private var parameters: [BFPublicParameters] = []
    private var opened: [DatedIdentity: BFPrivateKey] = [:]

    init(
        _ profile: Profile, caller: RetryingCaller, pool: WorkPool, now: @escaping @Sendable () -> UTCTime,
        observe: @escaping @Sendable (ClientEvent) -> Void
    ) {
        self.profile = profile
        self.caller = caller
        self.pool = pool
        self.now = now
        self.observe = observe
    }

    /// The key ring of an identity with its private keys of these days. Keys that are not in the cache are fetched.
    ///
    /// Throws `MailboxClientError`: `.noKey` where the KMS does not give a key of such a day.
    func ring(of identity: Identity, on days: Set<UTCDay>) async throws -> KeyRing {
        let wanted = days.map { DatedIdentity(identity, on: $0) }
        if cache == nil { cache = try KeyCache(of: profile) }
        if wanted.contains(where: { cache?.keys[$0] == nil }) { try await fetch(wanted) }
        do {
            if parameters.isEmpty { parameters = try await checkedParameters(cache?.parameters ?? []) }
            for dated in wanted where opened[dated] == nil { try await open(dated) }
        } catch is IBEError {
            // Of a KMS that was set up anew, or under parameters that are no longer valid.
            try await fetch(wanted)
            for dated in wanted { try await open(dated) }
        }
        var ring = KeyRing(parameters: parameters)
        for dated in wanted {
            if let key = opened[dated] { try ring.add(key) }
        }
        return ring
    }

    /// Has the private keys of a day of all these identities at hand. Those that are not in the cache are fetched, of as many
    /// identities at a time as one request takes.
    ///
    /// Throws `MailboxClientError`, as `ring(of:on:)`.
    func prepare(_ identities: [Identity], on day: UTCDay) async throws {
        if cache == nil { cache = try KeyCache(of: profile) }
        var missing = identities.map { DatedIdentity($0, on: day) }.filter { cache?.keys[$0] == nil }[...]
        let count = KeyRequest.maximumKeyCount / Int(1 + Self.daysAhead)
        while !missing.isEmpty {
            try await fetch(Array(missing.prefix(count)))
            missing = missing.dropFirst(count)
        }
        for identity in identities { _ = try await ring(of: identity, on: [day]) }
    }

    private func open(_ dated: DatedIdentity) async throws {
        guard let der = cache?.keys[dated] else {
            throw MailboxClientError.noKey(identity: "\(dated.identity)", reason: "the KMS gave none of \(dated.day)")
        }
        let parameters = parameters
        opened[dated] = try await pool.run {
            var fault = IBEError.keyOfAnotherIdentity
            for candidate in parameters {
                do throws(IBEError) {
                    return try BFPrivateKey(der: der, identity: dated.octets, parameters: candidate)
                } catch {
                    fault = error
                }
            }
            throw fault
        }
    }

    private func checkedParameters(_ encoded: [[UInt8]]) async throws -> [BFPublicParameters] {
        let acceptsTestLevel = profile.account.acceptsTestLevel
        let now = now()
        return try await pool.run {
            try PublishedParameters.usable(encoded, at: now, acceptsTestLevel: acceptsTestLevel)
        }
    }

    /// Fetches keys and the parameters from the KMS into the cache.
    private func fetch(_ wanted: [DatedIdentity]) async throws {
        let published = try await caller.kms(Methods.getParameters, GetParametersRequest()).message.parameters
        let parameters = try await checkedParameters(published)
        let ahead = wanted.flatMap { dated in
            (0...Self.daysAhead).map { DatedIdentity(dated.identity, on: dated.day.advanced(by: $0)) }
        }
        let keys: [BFPrivateKey]
        do {
            keys = try await request(Array(Set(wanted + ahead)), parameters)
        } catch MailboxClientError.unknownName {
            // The days ahead may be more than the KMS gives.
            keys = try await request(wanted, parameters)
        }
        var fetched: [DatedIdentity: SecretBytes] = [:]
        for key in keys {
            let dated = try DatedIdentity(octets: key.identity)
            fetched[dated] = key.der
            opened[dated] = key
        }
        self.parameters = parameters
        var cache = cache ?? KeyCache()
        try cache.add(fetched, parameters: published, today: now().day, to: profile)
        self.cache = cache
    }

    private func request(
        _ wanted: [DatedIdentity], _ parameters: [BFPublicParameters]
    ) async throws -> [BFPrivateKey] {
        let psk = try profile.psk()
        let account = profile.account
        do {
            let request = try KeyRequest(
                wanted.sorted { $0.day < $1.day }, kms: account.kms, preSharedKeyName: account.pskName,
                preSharedKey: psk, now: now(), random: SystemRandom())
            let start = ContinuousClock.now
            let answer = try await caller.kms(Methods.requestKeys, MIKEYMessage(octets: request.octets))
            let response = answer.message.octets
            observe(
                .exchanged(
                    ExchangeStep(
                        sent: "REQUEST_KEY_INIT_PSK", sentOctets: request.octets.count, received: "REQUEST_KEY_RESP",
                        receivedOctets: response.count, address: answer.address, duration: .now - start)))
            return try await pool.run { try request.receive(response, parameters: parameters) }
        } catch let error as IBAKEError {
            throw MailboxClientError(error, of: "KMS")
        }
    }
}
