import Mailbox

extension RedisStore {
    /// How long one writer may keep others from beginning, in ms.
    private static let turnMs: Int64 = 120_000

    /// See `MailboxView`. The files are written anew (`compact`), by one of all who share this Redis, and not again where
    /// the last writing has begun late enough. Redis keeps when that was, by its own clock.
    ///
    /// A server without files has nothing to do. Where `BGREWRITEAOF` or `BGSAVE` is forbidden the error says so.
    public func erase(removedFor age: Duration) async throws(StoreError) -> Duration? {
        let (written, turn) = (prefix + Array("erased".utf8), prefix + Array("erasing".utf8))
        let begin = try await clock(written)
        if let last = try await number(written), last <= begin, begin - last <= age.wholeMilliseconds {
            return .milliseconds(begin - last)
        }
        let taken = Command("SET", [turn, [49], Array("NX".utf8), Array("PX".utf8), ViewCoding.decimal(Self.turnMs)])
        guard try await router.send(taken, key: turn, lane: .sessions).text == "OK" else { return nil }
        let outcome: Result<Bool, StoreError>
        do throws(StoreError) {
            outcome = .success(try await compact(waitingUpTo: .seconds(60)))
        } catch {
            outcome = .failure(error)
        }
        if case .success(true) = outcome {
            let done = Command("SET", [written, ViewCoding.decimal(begin)])
            _ = try await router.send(done, key: written, lane: .sessions)
        }
        _ = try await router.send(Command("DEL", [turn]), key: turn, lane: .sessions)
        return try outcome.get() ? .milliseconds(max(0, try await clock(written) - begin)) : nil
    }

    /// The time of the server that has a key, in ms since 1970.
    private func clock(_ key: [UInt8]) async throws(StoreError) -> Int64 {
        let parts = try await router.send(Command(words: "TIME"), key: key, lane: .sessions).array
        guard let parts, parts.count == 2, let seconds = parts[0].text.flatMap({ Int64($0) }),
            let microseconds = parts[1].text.flatMap({ Int64($0) })
        else { throw ViewCoding.damaged }
        return seconds * 1000 + microseconds / 1000
    }

    private func number(_ key: [UInt8]) async throws(StoreError) -> Int64? {
        try await router.send(Command("GET", [key]), key: key, lane: .sessions).text.flatMap { Int64($0) }
    }
}
