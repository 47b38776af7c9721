import Glibc
import Mailbox
import Primitives

/// All three ports on one SQLite file: a cluster without servers, for one machine. Several processes may use the file
/// at once.
///
/// What an append returns for is on disk (write-ahead log, synced at every commit) and survives SIGKILL and power
/// failure. Deleted octets are overwritten.
public final class EmbeddedStore: Sendable {
    /// How a store is opened.
    public struct Configuration: Sendable {
        /// The file. Made where there is none, readable by its owner alone; its folder must exist.
        public var path: String
        /// How many partitions a new store gets; an existing one keeps its own.
        public var partitionCount: Int
        /// How long to wait for another process that holds the file, in ms.
        public var busyTimeoutMs: Int32
        /// How large the file may become, in octets; none leaves it to the disk.
        public var sizeLimit: Int?
        /// How long contents are kept, in ms: the longest lifetime that fronts allow, and a day.
        public var contentsKeptMs: Int64
        /// How long tombstones are kept, in ms.
        public var tombstonesKeptMs: Int64
        /// The clock that records are stamped with, and sessions expire by.
        public var clock: @Sendable () -> UTCTime

        /// A configuration; what is left out gets its default.
        public init(
            path: String, partitionCount: Int = 8, busyTimeoutMs: Int32 = 5000, sizeLimit: Int? = nil,
            contentsKeptMs: Int64 = 31 * 86_400_000, tombstonesKeptMs: Int64 = 7 * 86_400_000,
            clock: @escaping @Sendable () -> UTCTime
        ) {
            self.path = path
            self.partitionCount = partitionCount
            self.busyTimeoutMs = busyTimeoutMs
            self.sizeLimit = sizeLimit
            self.contentsKeptMs = contentsKeptMs
            self.tombstonesKeptMs = tombstonesKeptMs
            self.clock = clock
        }
    }

    let configuration: Configuration
    /// How many partitions the store has.
    public let partitionCount: Int
    let logIdentity: String
    let writer: StoreQueue
    let reader: StoreQueue
    let news: News

    /// Opens a store, and makes it where there is none. Blocks for as long as another process is making it.
    /// - Throws: `StoreError`: `.locked` where another process holds the file for too long, `.newerVersion`,
    ///   `.corrupt`, `.full`, `.unavailable`.
    public init(_ configuration: Configuration) throws(StoreError) {
        guard (1..<1 << 16).contains(configuration.partitionCount) else {
            throw StoreError(.misuse, "a store has 1 to 65535 partitions, not \(configuration.partitionCount)")
        }
        self.configuration = configuration
        try Self.makeFile(configuration.path)
        let writing = try Database(path: configuration.path, busyTimeoutMs: configuration.busyTimeoutMs)
        let opened = try Opening(writing, configuration).run()
        logIdentity = opened.logIdentity
        partitionCount = opened.partitionCount
        let reading = try Database(path: configuration.path, busyTimeoutMs: configuration.busyTimeoutMs)
        let news = News()
        self.news = news
        writer = StoreQueue(writing, label: "poste.store.writer") { news.announce() }
        reader = StoreQueue(reading, label: "poste.store.reader")
    }

    /// Closes the store; what waits is finished first. Every later call fails with `.closed`.
    public func close() async {
        await writer.close()
        await reader.close()
        news.announce()
    }

    private static func makeFile(_ path: String) throws(StoreError) {
        // Only a file that is new is opened here: closing a descriptor of one that this process uses would drop
        // SQLite's locks on it.
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            Glibc.close(descriptor)
            return
        }
        let code = errno
        guard code != EEXIST else { return }
        let reason = String(cString: strerror(code))
        throw StoreError(
            code == ENOSPC ? .full : .unavailable,
            "the store \(path) cannot be made (\(reason)); check that its folder exists, is ours to write and has room")
    }

    func check(_ partition: Int) throws(StoreError) {
        guard (0..<partitionCount).contains(partition) else {
            throw StoreError(.misuse, "there is no partition \(partition): the store has \(partitionCount)")
        }
    }
}
