import Primitives

/// Seals the secret files of a profile under one random key, which is opened once a process.
///
/// The key itself lies in the profile: in `sealing.sealed` under a passphrase (`PassphraseSeal`), or plain in
/// `sealing.key` where there is none. The latter keeps secrets out of backups and copies that leave this one file out,
/// and protects nothing from who can read the whole folder.
///
/// Octets of a sealed file: the magic `poste profile v1`, nonce (12), AES-256-GCM ciphertext with its tag; associated
/// data is the magic, the nonce and the name of the file, so that one file cannot pass for another.
struct ProfileSeal: Sendable {
    static let plainKeyName = "sealing.key"
    static let sealedKeyName = "sealing.sealed"
    private static let magic = Array("poste profile v1".utf8)
    private static let purpose = "profile key"

    private let key: SecretBytes

    /// Makes the key of a new profile and writes it into the folder.
    static func create(in folder: String, passphrase: SecretBytes?) throws -> ProfileSeal {
        let key = try SystemRandom().secretOctets(AES256GCM.keyOctetCount)
        if let passphrase {
            let sealed = try PassphraseSeal.seal(key, passphrase: passphrase, purpose: purpose)
            try DurableFile.write(sealed, to: "\(folder)/\(sealedKeyName)")
        } else {
            try DurableFile.write(key.exposedCopy(), to: "\(folder)/\(plainKeyName)")
        }
        return ProfileSeal(key: key)
    }

    /// Opens the key of a profile. A passphrase costs 0.1 s.
    ///
    /// Throws `MailboxClientError`.
    static func open(in folder: String, passphrase: SecretBytes?) throws -> ProfileSeal {
        let plainPath = "\(folder)/\(plainKeyName)"
        if let plain = try DurableFile.read(plainPath) {
            guard plain.count == AES256GCM.keyOctetCount else {
                throw MailboxClientError.damaged(path: plainPath, reason: "a sealing key has 32 octets; enrol again")
            }
            return ProfileSeal(key: SecretBytes(plain))
        }
        let sealedPath = "\(folder)/\(sealedKeyName)"
        guard let sealed = try DurableFile.read(sealedPath) else {
            throw MailboxClientError.damaged(
                path: folder, reason: "neither \(plainKeyName) nor \(sealedKeyName) is there; enrol again")
        }
        guard let passphrase else { throw MailboxClientError.passphraseNeeded(path: sealedPath) }
        do {
            return ProfileSeal(key: try PassphraseSeal.open(sealed, passphrase: passphrase, purpose: purpose))
        } catch .wrongPassphrase {
            throw MailboxClientError.wrongPassphrase(path: sealedPath)
        } catch {
            throw MailboxClientError.damaged(path: sealedPath, reason: "\(error)")
        }
    }

    /// Writes a secret into the file `name` of the folder.
    func write(_ secret: SecretBytes, to name: String, in folder: String) throws {
        let header = Self.magic + (try SystemRandom().octets(AES256GCM.nonceOctetCount))
        let sealed = try AES256GCM.seal(
            secret, key: key, nonce: Array(header[Self.magic.count...]), associatedData: header + Array(name.utf8))
        try DurableFile.write(header + sealed, to: "\(folder)/\(name)")
    }

    /// Reads the secret in the file `name` of the folder; nil where there is none.
    ///
    /// Throws `MailboxClientError.damaged` where it does not open.
    func read(_ name: String, in folder: String) throws -> SecretBytes? {
        let path = "\(folder)/\(name)"
        guard let octets = try DurableFile.read(path) else { return nil }
        let headerCount = Self.magic.count + AES256GCM.nonceOctetCount
        guard octets.count > headerCount, octets.starts(with: Self.magic) else {
            throw MailboxClientError.damaged(path: path, reason: "not a sealed file of a profile")
        }
        do {
            return try AES256GCM.open(
                octets[headerCount...], key: key, nonce: Array(octets[Self.magic.count..<headerCount]),
                associatedData: octets[..<headerCount] + Array(name.utf8))
        } catch {
            throw MailboxClientError.damaged(
                path: path, reason: "it does not open with the profile's key: altered, or of another profile")
        }
    }
}
