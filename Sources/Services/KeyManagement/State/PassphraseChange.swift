import Primitives
import StateFolder

extension KeyManagementState {
    /// Seals the secrets of a folder under another passphrase; nobody may use the folder meanwhile.
    ///
    /// Each file is replaced whole. Where this was interrupted, some are sealed under one passphrase and some under the other: the
    /// same call again finishes it. Copies that were made before open with the old passphrase as ever.
    ///
    /// Returns the names of the files that were sealed anew. Throws `KeyManagementError`; `SealedSecretError` for a file that neither
    /// passphrase opens, before anything is changed; `StateFolderError`.
    public static func changePassphrase(
        folder path: String, from old: SecretBytes, to new: SecretBytes, random: some RandomSource = SystemRandom()
    ) throws -> [String] {
        guard new.count >= StateFiles.shortestPassphrase else { throw KeyManagementError.shortPassphrase }
        let folder = try StateFolder(path: path, marker: StateFiles.marker)
        let purposes = [(StateFiles.keyName, StateFiles.keyPurpose)] + (try MasterSecret.purposes(in: folder))
        var secrets: [(name: String, purpose: String, secret: SecretBytes)] = []
        for (name, purpose) in purposes {
            guard let sealed = try folder.read(name) else { throw KeyManagementError.missing(file: name) }
            if (try? PassphraseSeal.open(sealed, passphrase: new, purpose: purpose)) != nil { continue }
            secrets.append((name, purpose, try PassphraseSeal.open(sealed, passphrase: old, purpose: purpose)))
        }
        for (name, purpose, secret) in secrets {
            try folder.write(name, PassphraseSeal.seal(secret, passphrase: new, purpose: purpose, random: random))
        }
        return secrets.map(\.name)
    }

    /// Logs that the secrets are sealed under another passphrase. Throws `SQLiteError`, `StateFolderError`.
    public func recordPassphraseChange(now: UTCTime) throws { try record(AuditEntry(.passphrase), now: now) }
}
