import Mailbox

extension RedisStore {
    /// Has every server that this store uses write its files anew, without what was removed: the append-only file
    /// (BGREWRITEAOF) where it has one, the snapshot (BGSAVE) where it saves any.
    ///
    /// Crypto-erasure in Redis. A removed envelope is out of Redis's memory at once, but its ESK stays in
    /// `appendonlydir` until the file is rewritten, and in `dump.rdb` until the next snapshot. An operator either keeps
    /// no files at all (`appendonly no`, `save ""`: the log gives the view back), or lets this be called, or a
    /// `BGREWRITEAOF` or `BGSAVE` of his own, at least once an hour, and on the replicas too; backups of these files
    /// are his to remove. Redis's own `auto-aof-rewrite-percentage` rewrites by growth and not by time, which is not
    /// enough.
    ///
    /// - Parameter limit: how long to wait until the files are written.
    /// - Returns: whether they are; false where a server still writes after `limit`.
    /// - Throws: `StoreError`; `.misuse` where the user may not do it.
    public func compact(waitingUpTo limit: Duration = .zero) async throws(StoreError) -> Bool {
        let deadline = ContinuousClock.now + limit
        let info = Command(words: "INFO", "persistence")
        let hasLog = try await router.sendToAll(info).contains { Self.field("aof_enabled", of: $0) == 1 }
        if hasLog, try await !start(Command(words: "BGREWRITEAOF"), until: deadline) { return false }
        let saves = try await router.sendToAll(Command(words: "CONFIG", "GET", "save"))
        // Where CONFIG is forbidden a snapshot too many does no harm.
        let hasSnapshots = saves.contains { $0.array.map { $0.last?.text != "" } ?? true }
        if hasSnapshots, try await !start(Command(words: "BGSAVE", "SCHEDULE"), until: deadline) { return false }
        while true {
            let isBusy = try await router.sendToAll(info).contains { info in
                ["aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress"]
                    .contains { Self.field($0, of: info) == 1 }
            }
            guard isBusy, ContinuousClock.now < deadline, !Task.isCancelled else { return !isBusy }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Starts it everywhere. One that was begun before may hold what was removed since: it is waited for.
    private func start(_ command: Command, until deadline: ContinuousClock.Instant) async throws(StoreError) -> Bool {
        while true {
            var isEverywhere = true
            for reply in try await router.sendToAll(command) {
                guard case .error(let text) = reply else { continue }
                guard text.contains("in progress") else { throw StoreError(refusal: text, at: router.servers) }
                isEverywhere = false
            }
            guard !isEverywhere, ContinuousClock.now < deadline, !Task.isCancelled else { return isEverywhere }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func field(_ name: String, of reply: Reply) -> Int? {
        reply.text.flatMap { Greeting.field(name, of: $0) }.flatMap { Int($0) }
    }
}
