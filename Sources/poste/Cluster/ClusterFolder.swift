import Foundation
import Mailbox
import Primitives

/// What the roles of one cluster share on one machine: the authority for TLS, the key that seals sessions, the store, the KMS's state.
///
///     ca.pem, ca.key      the cluster's own certificate authority
///     cluster.key         the keys that seal handshakes and sessions, see ClusterKeyText
///     passphrase          seals the KMS's secrets where no --passphrase-file is given
///     kms/                the KMS's state
///     store.sqlite        log, view and sessions of the embedded store
///     DOMAIN.account      what a domain's fronts prove themselves to the KMS with
///     endpoints.json      where everything listens, for 'poste enroll'
///
/// Whoever comes first makes what is missing, under a lock.
struct ClusterFolder: Sendable {
    let url: URL

    init(path: String) throws {
        url = URL(fileURLWithPath: path, isDirectory: true)
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(.machine, "cannot make the folder \(path): \(error.localizedDescription)")
        }
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    var storePath: String { path("store.sqlite") }
    var endpointsPath: String { path("endpoints.json") }
    var enrolmentTokenPath: String { path("kms/enrolment.token") }

    /// The cluster's authority.
    func authority() throws -> CertificateAuthority {
        try locked {
            if let certificate = read("ca.pem"), let key = read("ca.key") {
                return CertificateAuthority(
                    certificatePEM: String(decoding: certificate, as: UTF8.self), privateKeyPEM: SecretBytes(key))
            }
            // Each has a name of its own: of two with one name TLS tries the first alone, and nobody could change from one to another.
            let number = hexadecimal(try SystemRandom().octets(4))
            let authority = try CertificateAuthority(commonName: "Poste Restante cluster \(number)", now: wallClock())
            // The certificate comes last: where it is, the key is.
            try write("ca.key", authority.privateKeyPEM.exposedCopy())
            try write("ca.pem", Array(authority.certificatePEM.utf8))
            return authority
        }
    }

    /// A certificate of the cluster for a role on these hosts.
    func credentials(role: String, hosts: [String]) throws -> TLSCredentials {
        try authority().issue(
            commonName: role, hosts: Array(Set(hosts + ["localhost", "127.0.0.1", "::1"])), uris: ["poste:\(role)"],
            now: wallClock())
    }

    /// The file of the keys that seal handshakes and sessions.
    var keyFilePath: String { path("cluster.key") }

    /// What seals the KMS's secrets: the passphrase in `file`, or one of the folder's own.
    func passphrase(file: String?) throws -> SecretBytes {
        guard let file else { return SecretBytes(Array(hexadecimal(try secretFile("passphrase").exposedCopy()).utf8)) }
        return try passphraseFromFile(file)
    }

    /// 32 random octets that are made once, in hexadecimal.
    private func secretFile(_ name: String) throws -> SecretBytes {
        try locked {
            if let text = read(name) {
                let line = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                guard let key = octets(hexadecimal: line), key.count == 32 else {
                    throw CommandFailure(
                        .data, "\(path(name)) should hold 64 hexadecimal digits: restore it from a backup")
                }
                return SecretBytes(key)
            }
            let secret = try SystemRandom().secretOctets(32)
            try write(name, Array((hexadecimal(secret.exposedCopy()) + "\n").utf8))
            return secret
        }
    }

    func read(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path(name)).map { [UInt8]($0) }
    }

    /// Puts a file in its place, whole or not at all, for its owner alone.
    func write(_ name: String, _ octets: [UInt8]) throws {
        let draft = path(name + ".unfinished")
        guard
            FileManager.default.createFile(
                atPath: draft, contents: Data(octets), attributes: [.posixPermissions: 0o600]),
            rename(draft, path(name)) == 0
        else {
            throw CommandFailure(.machine, "cannot write \(path(name)): is the disk full, or the folder another's?")
        }
    }

    /// Keeps other processes out meanwhile.
    func locked<Result>(_ body: () throws -> Result) throws -> Result {
        let descriptor = open(path("cluster.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw CommandFailure(.machine, "cannot lock \(path("cluster.lock")): is the folder another's?")
        }
        defer { close(descriptor) }
        return try body()
    }
}

/// The clock on the wall; wrong by POSTE_CLOCK_OFFSET seconds, with which tests set that of a single process wrong.
let wallClock: @Sendable () -> UTCTime = {
    UTCTime(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) + clockOffsetMs)
}

private let clockOffsetMs: Int64 = {
    let text = ProcessInfo.processInfo.environment["POSTE_CLOCK_OFFSET"] ?? ""
    // A week at most: what is further off no test means.
    guard let seconds = Int64(text), abs(seconds) <= 604_800 else { return 0 }
    return seconds * 1000
}()

/// The first line of a passphrase file.
func passphraseFromFile(_ path: String) throws -> SecretBytes {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw CommandFailure(.machine, "cannot read the passphrase file \(path)")
    }
    let line = data.prefix { $0 != UInt8(ascii: "\n") }
    guard !line.isEmpty else { throw CommandFailure(.data, "the passphrase file \(path) has an empty first line") }
    return SecretBytes(line)
}
