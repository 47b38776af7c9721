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
        let servers = try await router.primaries()
        for server in servers {
            guard try await beginWriting(at: server, until: deadline) else { return false }
        }
        while true {
            var isBusy = false
            for server in servers {
                let info = try await persistence(of: server)
                isBusy =
                    isBusy
                    || ["aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress"]
                        .contains { Self.field($0, of: info) == 1 }
            }
            guard isBusy, ContinuousClock.now < deadline, !Task.isCancelled else { return !isBusy }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func persistence(of server: RedisEndpoint?) async throws(StoreError) -> Reply {
        try await router.send(Command(words: "INFO", "persistence"), to: server, lane: .view)
    }

    private func beginWriting(
        at server: RedisEndpoint?, until deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> Bool {
        if Self.field("aof_enabled", of: try await persistence(of: server)) == 1 {
            guard try await start(Command(words: "BGREWRITEAOF"), at: server, until: deadline) else { return false }
        }
        let saves = try await router.send(Command(words: "CONFIG", "GET", "save"), to: server, lane: .view)
        // Where CONFIG is forbidden a snapshot too many does no harm.
        if let words = saves.array, words.last?.text == "" { return true }
        return try await start(Command(words: "BGSAVE", "SCHEDULE"), at: server, until: deadline)
    }

    /// Starts it. One that was begun before may hold what was removed since: it is waited for.
    private func start(
        _ command: Command, at server: RedisEndpoint?, until deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> Bool {
        while true {
            guard case .error(let text) = try await router.send(command, to: server, lane: .view) else { return true }
            guard text.contains("in progress") else { throw StoreError(refusal: text, at: router.servers) }
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func field(_ name: String, of reply: Reply) -> Int? {
        reply.text.flatMap { Greeting.field(name, of: $0) }.flatMap { Int($0) }
    }
}
