import IdentityBasedEncryption
import Primitives
import SQLite

/// The accounts in the database. PSKs are sealed with AES-256-GCM under a key that is itself sealed with the passphrase; the
/// name of the PSK is associated data, so that one account's cannot pass for another's.
///
/// Octets of a sealed PSK: nonce (12), ciphertext (32) with its tag (16).
struct AccountTable {
    static let pskOctetCount = 32
    static let pskNameOctetCount = 16

    private let database: SQLiteDatabase
    private let key: SecretBytes
    /// Is opened where there is no account, so that an unknown name takes as long as a known one.
    private let decoy: [UInt8]

    /// Makes the tables where they are missing. Throws `SQLiteError`, and what `random` throws.
    init(database: SQLiteDatabase, key: SecretBytes, random: some RandomSource) throws {
        self.database = database
        self.key = key
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, psk_name BLOB NOT NULL UNIQUE,
            sealed_psk BLOB NOT NULL, made_at_ms INTEGER NOT NULL) STRICT
            """)
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS identities (identity TEXT PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE) STRICT, WITHOUT ROWID
            """)
        try database.run("CREATE INDEX IF NOT EXISTS identities_of_account ON identities (account)")
        decoy = try Self.seal(random.secretOctets(Self.pskOctetCount), name: [], key: key, random: random)
    }

    /// Makes an account. Throws `EnrolmentRefusal.enrolled` for an identity that somebody has, `SQLiteError`, and what `random`
    /// throws.
    func insert(_ identities: [Identity], now: UTCTime, random: some RandomSource) throws -> Account {
        let name = try random.octets(Self.pskNameOctetCount)
        let psk = try random.secretOctets(Self.pskOctetCount)
        let sealed = try Self.seal(psk, name: name, key: key, random: random)
        let row = try database.rows(
            "INSERT INTO accounts (psk_name, sealed_psk, made_at_ms) VALUES (?, ?, ?) RETURNING id", .octets(name),
            .octets(sealed), .integer(now.milliseconds))
        let id = row[0][0].integer ?? 0
        for identity in identities {
            do {
                try database.run("INSERT INTO identities VALUES (?, ?)", .text(identity.description), .integer(id))
            } catch {
                if error.isDuplicate { throw EnrolmentRefusal.enrolled(identity) }
                throw error
            }
        }
        return Account(id: id, pskName: name, psk: psk, identities: Set(identities))
    }

    /// The account of a PSK; nil where there is none. Takes about the same time either way.
    ///
    /// Throws `AuthenticationFailure` for a damaged row, and `SQLiteError`.
    func account(pskName: [UInt8]) throws -> Account? {
        let row = try database.rows("SELECT id, sealed_psk FROM accounts WHERE psk_name = ?", .octets(pskName)).first
        let id = row?[0].integer ?? 0
        let sealed = row?[1].octets ?? decoy
        let psk = try AES256GCM.open(
            sealed.dropFirst(AES256GCM.nonceOctetCount), key: key,
            nonce: Array(sealed.prefix(AES256GCM.nonceOctetCount)),
            associatedData: Self.associatedData(row == nil ? [] : pskName))
        let identities = try database.rows("SELECT identity FROM identities WHERE account = ?", .integer(id))
            .compactMap { $0[0].text.flatMap { try? Identity($0) } }
        return row == nil ? nil : Account(id: id, pskName: pskName, psk: psk, identities: Set(identities))
    }

    /// Removes the account that has an identity; nil where there is none. Throws `SQLiteError`.
    func remove(accountOf identity: Identity) throws(SQLiteError) -> Int64? {
        let rows = try database.rows("SELECT account FROM identities WHERE identity = ?", .text(identity.description))
        guard let id = rows.first?[0].integer else { return nil }
        try database.run("DELETE FROM accounts WHERE id = ?", .integer(id))
        return id
    }

    private static func seal(
        _ psk: SecretBytes, name: [UInt8], key: SecretBytes, random: some RandomSource
    ) throws -> [UInt8] {
        let nonce = try random.octets(AES256GCM.nonceOctetCount)
        return nonce + (try AES256GCM.seal(psk, key: key, nonce: nonce, associatedData: associatedData(name)))
    }

    private static func associatedData(_ pskName: [UInt8]) -> [UInt8] { Array("poste kms psk v1".utf8) + pskName }
}
