/// How a database file is opened.
public struct SQLiteOptions: Sendable {
    /// Whether a file that is missing is made.
    public var makesFile: Bool
    /// How long to wait for another connection that holds the file, in ms.
    public var busyTimeoutMs: Int32
    /// Whether `PRAGMA incremental_vacuum` gives free pages back to the disk. It is settled when the file is new, and
    /// has no effect on another.
    public var givesBackPages: Bool

    /// The options; what is left out makes a missing file, waits 2 s, and keeps free pages for later.
    public init(makesFile: Bool = true, busyTimeoutMs: Int32 = 2000, givesBackPages: Bool = false) {
        self.makesFile = makesFile
        self.busyTimeoutMs = busyTimeoutMs
        self.givesBackPages = givesBackPages
    }
}
