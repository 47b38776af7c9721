/// Every statement of the store, and the schema that they speak of.
///
/// A record's place is one number, so that a partition is a range of one table: topic << 60 | partition << 44 | offset.
/// Envelopes are topic 0.
enum SQL {
    /// "POST", in the file's header: whose file it is.
    static let applicationID: Int64 = 0x504f_5354
    /// The version of the schema.
    static let version: Int64 = 1

    static let schema = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE ends (topic INTEGER, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, partition))
            WITHOUT ROWID;
        CREATE TABLE records (place INTEGER PRIMARY KEY, time INTEGER NOT NULL, key BLOB, value BLOB, headers BLOB);
        CREATE INDEX envelopes_by_key ON records (key) WHERE place < 1152921504606846976;
        CREATE TABLE positions (partition INTEGER PRIMARY KEY, position BLOB NOT NULL);
        CREATE TABLE pending (
            place INTEGER PRIMARY KEY, key BLOB NOT NULL, mailbox BLOB NOT NULL, digest BLOB NOT NULL,
            expires INTEGER NOT NULL, octets INTEGER NOT NULL, receipt_to BLOB, envelope BLOB NOT NULL);
        CREATE UNIQUE INDEX pending_by_key ON pending (key);
        CREATE INDEX pending_by_mailbox ON pending (mailbox, place);
        CREATE INDEX pending_by_expiry ON pending (expires);
        CREATE TABLE usage (mailbox BLOB PRIMARY KEY, partition INTEGER NOT NULL, count INTEGER NOT NULL,
            octets INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX usage_by_partition ON usage (partition, mailbox);
        CREATE TABLE routes (mailbox BLOB, stream BLOB, partition INTEGER NOT NULL, front TEXT NOT NULL,
            opened INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (mailbox, stream)) WITHOUT ROWID;
        CREATE TABLE presence (mailbox BLOB PRIMARY KEY, partition INTEGER NOT NULL, open INTEGER NOT NULL,
            contact TEXT, time INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE sessions (key BLOB PRIMARY KEY, value BLOB NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE counters (key BLOB PRIMARY KEY, value INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
        PRAGMA application_id = 1347375956;
        PRAGMA user_version = 1;
        """

    static let savepoint = "SAVEPOINT job"
    static let release = "RELEASE job"
    static let rollbackToSavepoint = "ROLLBACK TO job"
    static let dataVersion = "PRAGMA data_version"
    static let truncateLog = "PRAGMA wal_checkpoint(TRUNCATE)"
    static let giveBackPages = "PRAGMA incremental_vacuum"
    static let tableCount = "SELECT count(*) FROM sqlite_master"
    static let readApplicationID = "PRAGMA application_id"
    static let readVersion = "PRAGMA user_version"
    static let meta = "SELECT value FROM meta WHERE name = ?"
    static let setMeta = "INSERT INTO meta VALUES (?, ?)"

    // The log
    static let end = "SELECT next FROM ends WHERE topic = ? AND partition = ?"
    static let setEnd = "INSERT OR REPLACE INTO ends VALUES (?, ?, ?)"
    static let insertRecord = "INSERT INTO records VALUES (?, ?, ?, ?, ?)"
    static let readRecords =
        "SELECT place, time, key, value, headers FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT ?"
    static let firstPlace = "SELECT place FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT 1"
    static let readContent = "SELECT key, value FROM records WHERE place = ?"
    static let envelopesOfKey = """
        SELECT place, value FROM records
        WHERE key = ? AND place < 1152921504606846976 AND place < ? AND value IS NOT NULL
        """
    static let deleteRecord = "DELETE FROM records WHERE place = ?"
    static let deleteRecords = "DELETE FROM records WHERE place >= ? AND place < ?"
    static let deleteOldRecords = "DELETE FROM records WHERE place >= ? AND place < ? AND time < ?"
    static let deleteOldTombstones =
        "DELETE FROM records WHERE place < 1152921504606846976 AND value IS NULL AND time < ?"

    // The view
    static let position = "SELECT position FROM positions WHERE partition = ?"
    static let setPosition = "INSERT OR REPLACE INTO positions VALUES (?, ?)"
    static let deletePosition = "DELETE FROM positions WHERE partition = ?"
    static let known = "SELECT place, digest, expires, octets, receipt_to FROM pending WHERE key = ?"
    static let insertPending = "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    static let deletePending = "DELETE FROM pending WHERE key = ?"
    static let pendingPage =
        "SELECT place, envelope FROM pending WHERE mailbox = ? AND place > ? ORDER BY place LIMIT ?"
    static let pendingDeposit = "SELECT place, envelope FROM pending WHERE key = ?"
    static let due = """
        SELECT key, place, digest, expires, octets, receipt_to FROM pending
        WHERE expires <= ? AND place >= ? AND place < ? ORDER BY expires LIMIT ?
        """
    static let usage = "SELECT count, octets FROM usage WHERE mailbox = ?"
    static let backlog = "SELECT COALESCE(SUM(count), 0) FROM usage WHERE partition = ?"
    static let setUsage = "INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?)"
    static let deleteUsage = "DELETE FROM usage WHERE mailbox = ?"
    static let routes = """
        SELECT front, stream, opened, expires FROM routes WHERE mailbox = ? AND expires > ?
        ORDER BY opened DESC, stream
        """
    static let setRoute = "INSERT OR REPLACE INTO routes VALUES (?, ?, ?, ?, ?, ?)"
    static let deleteRoute = "DELETE FROM routes WHERE mailbox = ? AND stream = ?"
    static let presence = "SELECT open, contact, time, expires FROM presence WHERE mailbox = ?"
    static let setPresence = "INSERT OR REPLACE INTO presence VALUES (?, ?, ?, ?, ?, ?)"
    static let reachable = """
        SELECT mailbox FROM usage WHERE partition = ?1 AND mailbox > ?2 AND (
            EXISTS (SELECT 1 FROM routes WHERE routes.mailbox = usage.mailbox AND expires > ?3)
            OR EXISTS (SELECT 1 FROM presence WHERE presence.mailbox = usage.mailbox AND expires > ?3 AND open = 1
                AND contact IS NOT NULL))
        ORDER BY mailbox LIMIT ?4
        """
    /// What `discard` empties, each for a partition; the first by a range of places.
    static let discardPending = "DELETE FROM pending WHERE place >= ? AND place < ?"
    static let discardOthers = [
        "DELETE FROM usage WHERE partition = ?", "DELETE FROM routes WHERE partition = ?",
        "DELETE FROM presence WHERE partition = ?", "DELETE FROM positions WHERE partition = ?"
    ]

    // Sessions
    static let session = "SELECT value FROM sessions WHERE key = ? AND expires > ?"
    static let setSession = "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)"
    static let deleteSession = "DELETE FROM sessions WHERE key = ?"
    static let counter = "SELECT value, expires FROM counters WHERE key = ? AND expires > ?"
    static let setCounter = "INSERT OR REPLACE INTO counters VALUES (?, ?, ?)"

    /// What has expired at a moment.
    static let deleteExpired = [
        "DELETE FROM sessions WHERE expires <= ?", "DELETE FROM counters WHERE expires <= ?",
        "DELETE FROM routes WHERE expires <= ?", "DELETE FROM presence WHERE expires <= ?"
    ]
}
