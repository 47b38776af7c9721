import IdentityBasedEncryption
import Primitives
import StateFolder

/// The master key of one serial. Its file is sealed with the passphrase and named by the serial, so that a later one can stand
/// beside it.
///
/// Octets that are sealed: f(the KMS's name) f(DER of IBESysParams) f(DER of BFMasterSecret), f as in docs/protocol.md.
struct MasterSecret: Sendable {
    private static let prefix = "master-secret-"
    private static let suffix = ".sealed"

    /// The KMS that it was made for.
    let name: Identity
    /// The public half, as the KMS publishes it for its own domain.
    let published: IBESysParams
    /// Extracts private keys.
    let key: BFMasterKey

    /// Makes parameters of a serial, with their master secret.
    ///
    /// Throws `KeyManagementError.noDomain`, `StateFolderError`, and what the search for primes throws.
    static func make(
        serial: UInt64, _ settings: KeyManagementSettings, in folder: StateFolder, passphrase: SecretBytes,
        now: UTCTime,
        random: some RandomSource, progress: (Int) -> Void
    ) throws -> MasterSecret {
        guard let domain = settings.name.domain else { throw KeyManagementError.noDomain(settings.name) }
        let key = try BFMasterKey.generate(level: settings.level, random: random, progress: progress)
        // Keys of days before today are issued, too.
        let published = try IBESysParams(
            domain: domain, serial: serial, notBefore: now.day.advanced(by: -settings.policy.daysBack).start,
            notAfter: now.day.advanced(by: settings.validityDays).start.advanced(byMilliseconds: -1000),
            parameters: key.parameters)
        let parts = [SecretBytes(settings.name.octets), SecretBytes(published.der), key.secret.der]
        let sealed = try PassphraseSeal.seal(
            .lengthPrefixed(parts), passphrase: passphrase, purpose: purpose(serial), random: random)
        try folder.write(fileName(serial: serial), sealed)
        return MasterSecret(name: settings.name, published: published, key: key)
    }

    /// Opens all that the folder has, highest serial first.
    ///
    /// Throws `SealedSecretError` for a wrong passphrase, `KeyManagementError.damaged`, and `StateFolderError`.
    static func all(in folder: StateFolder, passphrase: SecretBytes) throws -> [MasterSecret] {
        try names(in: folder).map { try open($0, in: folder, passphrase: passphrase) }
            .sorted { $0.published.districtSerial > $1.published.districtSerial }
    }

    /// The files of all serials, each with what it must be opened for. Throws `KeyManagementError`, `StateFolderError`.
    static func purposes(in folder: StateFolder) throws -> [(name: String, purpose: String)] {
        try names(in: folder).map { name in
            guard let serial = serial(of: name) else {
                throw KeyManagementError.damaged(file: name, fault: "its name has no serial")
            }
            return (name, purpose(serial))
        }
    }

    private static func names(in folder: StateFolder) throws(StateFolderError) -> [String] {
        try folder.names(startingWith: prefix).filter { $0.hasSuffix(suffix) }
    }

    private static func serial(of name: String) -> UInt64? { UInt64(name.dropFirst(prefix.count).dropLast(suffix.count)) }

    static func fileName(serial: UInt64) -> String { "\(prefix)\(serial)\(suffix)" }

    /// Whether keys of the day belong to these parameters: all of the day lies in their validity.
    func isValid(on day: UTCDay) -> Bool {
        published.isValid(at: day.start)
            && published.isValid(at: day.advanced(by: 1).start.advanced(byMilliseconds: -1000))
    }

    /// The parameters as they are published for identities of a domain. Throws `IBEError` for what is no domain.
    func published(for domain: String) throws(IBEError) -> IBESysParams {
        try IBESysParams(
            domain: domain, serial: published.districtSerial, notBefore: published.notBefore,
            notAfter: published.notAfter, parameters: key.parameters)
    }

    private static func open(_ name: String, in folder: StateFolder, passphrase: SecretBytes) throws -> MasterSecret {
        func damage(_ fault: String) -> KeyManagementError { .damaged(file: name, fault: fault) }
        guard let serial = serial(of: name), let sealed = try folder.read(name) else {
            throw damage("its name has no serial")
        }
        let secret = try PassphraseSeal.open(sealed, passphrase: passphrase, purpose: purpose(serial))
        var rest = secret
        guard let owner = rest.takeLengthPrefixed(), let published = rest.takeLengthPrefixed(),
            let master = rest.takeLengthPrefixed(), rest.isEmpty
        else { throw damage("it is cut") }
        do {
            let published = try IBESysParams(der: published.exposedCopy())
            guard published.districtSerial == serial else { throw damage("its parameters have another serial") }
            return MasterSecret(
                name: try Identity(octets: owner.exposedCopy()), published: published,
                key: try BFMasterKey(parameters: published.parameters, secret: BFMasterSecret(der: master)))
        } catch let fault as IBEError {
            throw damage("\(fault)")
        }
    }

    private static func purpose(_ serial: UInt64) -> String { "poste kms master secret \(serial)" }
}

extension SecretBytes {
    /// f of each part in turn.
    fileprivate static func lengthPrefixed(_ parts: [SecretBytes]) -> SecretBytes {
        concatenating(
            parts.flatMap { part in
                var length: [UInt8] = []
                length.append(bigEndian: UInt32(part.count))
                return [SecretBytes(length), part]
            })
    }

    /// Takes f(x) from the front; nil where it is cut.
    fileprivate mutating func takeLengthPrefixed() -> SecretBytes? {
        guard count >= 4 else { return nil }
        let length = self[0..<4].exposedCopy().reduce(0) { $0 << 8 | Int($1) }
        guard length <= count - 4 else { return nil }
        defer { self = self[4 + length..<count] }
        return self[4..<4 + length]
    }
}
