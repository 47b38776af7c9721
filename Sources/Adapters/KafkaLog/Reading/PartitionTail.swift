import Mailbox
import WorkPool

/// What folds one partition reads: its envelopes and its presence, each from where the fold stands.
///
/// The brokers' answers wait in a queue for each topic, so reading on costs no question. A reader who does not wait is told
/// the truth as of now: the brokers are asked for the ends first.
actor PartitionTail {
    private var envelopes: TopicTail
    private var presence: TopicTail
    private let questions: KafkaHandle
    private let configuration: KafkaConfiguration
    private let bell: Bell
    private let turn = Turnstile()
    private var isClosed = false

    /// - Parameter questions: the handle by which to ask for the ends. On that of the tails an answer would wait until the
    ///   broker has news for some partition: it answers one connection's requests one after another.
    init(_ handle: KafkaHandle, asking questions: KafkaHandle, _ partition: Int) throws(StoreError) {
        self.questions = questions
        let bell = Bell()
        self.bell = bell
        configuration = handle.configuration
        envelopes = TopicTail(try PartitionQueue(handle, .envelopes, partition, bell))
        presence = TopicTail(try PartitionQueue(handle, .presence, partition, bell))
    }

    func read(
        from position: LogPosition, limit: PageLimit, waitingUpTo wait: Duration
    ) async throws(StoreError) -> LogBatch {
        await turn.enter()
        do throws(StoreError) {
            let batch = try await readInTurn(from: position, limit: limit, waitingUpTo: wait)
            turn.leave()
            return batch
        } catch {
            // What is known may be what is wrong.
            envelopes.forget()
            presence.forget()
            turn.leave()
            throw error
        }
    }

    private func readInTurn(
        from position: LogPosition, limit: PageLimit, waitingUpTo wait: Duration
    ) async throws(StoreError) -> LogBatch {
        let begun = ContinuousClock.now
        let deadline = begun + wait
        let patience = begun + .milliseconds(configuration.requestTimeoutMs)
        try await seek(position)
        if wait <= .zero { try await askForEnds() }
        while true {
            guard !isClosed else { throw Producer.closed }
            let generation = bell.generation
            var (records, left): ([StoredRecord], PageLimit) = ([], limit)
            try envelopes.drain(&left, &records)
            try presence.drain(&left, &records)
            if let batch = batch(records), !records.isEmpty || batch.next != position { return batch }
            if envelopes.isOutOfRange || presence.isOutOfRange {
                if let beyond = try await passOverWhatIsGone(position, until: deadline) { return beyond }
                continue
            }
            let now = ContinuousClock.now
            guard !Task.isCancelled else { return nothing(position) }
            let isBehind = envelopes.isBehind || presence.isBehind
            if isBehind, now >= max(patience, deadline) { throw notArriving(position) }
            if !isBehind, now >= deadline {
                if let batch = batch([]), now - min(envelopes.heard, presence.heard) < Self.trusted { return batch }
                try await askForEnds()
                continue
            }
            guard isBehind else {
                await bell.wait(since: generation, until: deadline)
                continue
            }
            await bell.wait(since: generation, until: now + Self.nudgeDelay)
            guard bell.generation == generation else { continue }
            nudge()
            await bell.wait(since: generation, until: max(patience, deadline))
        }
    }

    /// How long silence counts as no news without asking.
    private static let trusted = Duration.seconds(5)

    private static let nudgeDelay = Duration.milliseconds(10)

    /// Wakes the thread that fetches. Once so much was read ahead that it stopped, librdkafka 2.0 sleeps for a second before
    /// it looks whether there is room again, unless it has a request to send: any will do.
    private func nudge() {
        let queue = envelopes.isBehind ? envelopes.queue : presence.queue
        Blocking.later { _ = try? queue.handle.watermarks(queue.name, queue.partition) }
    }

    /// What was read and where it leads; none while the ends are not known.
    private func batch(_ records: [StoredRecord]) -> LogBatch? {
        guard let here = envelopes.next, let there = presence.next else { return nil }
        guard !records.isEmpty || (envelopes.end != nil && presence.end != nil) else { return nil }
        // Where the end is not known yet there may be more.
        let end = LogPosition(envelopes: envelopes.end ?? here &+ 1, presence: presence.end ?? there &+ 1)
        return LogBatch(records: records, next: LogPosition(envelopes: here, presence: there), end: end)
    }

    /// Nothing was read, and there may be more.
    private func nothing(_ position: LogPosition) -> LogBatch {
        let end = LogPosition(
            envelopes: envelopes.end ?? position.envelopes &+ 1, presence: presence.end ?? position.presence &+ 1)
        return LogBatch(records: [], next: position, end: end)
    }

    private func notArriving(_ position: LogPosition) -> StoreError {
        let queue = envelopes.isBehind ? envelopes.queue : presence.queue
        return StoreError(
            .unavailable,
            "the brokers hold records of \(queue.name) [\(queue.partition)] after offset \(position) and do not send them"
                + "\(queue.handle.notices.because); check that the partition's leader runs; it is tried again")
    }

    private func seek(_ position: LogPosition) async throws(StoreError) {
        if envelopes.next != position.envelopes {
            envelopes.isAssigned = try await reassign(envelopes, at: position.envelopes)
            envelopes.stand(at: position.envelopes)
        }
        if presence.next != position.presence {
            presence.isAssigned = try await reassign(presence, at: position.presence)
            presence.stand(at: position.presence)
        }
    }

    private func reassign(_ tail: TopicTail, at offset: UInt64) async throws(StoreError) -> Bool {
        let (queue, isAssigned) = (tail.queue, tail.isAssigned)
        try await Blocking.run { () throws(StoreError) in
            // Where it fails the topic is not assigned, which is what is wanted.
            if isAssigned { try? queue.unassign() }
            try queue.assign(at: offset)
        }
        return true
    }

    private func askForEnds() async throws(StoreError) {
        let (here, there) = (envelopes.queue, presence.queue)
        async let kept = here.watermarks(asking: questions)
        let presenceKept = try await there.watermarks(asking: questions)
        do {
            envelopes.learn(try await kept)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.unavailable, "\(error)")
        }
        presence.learn(presenceKept)
    }

    /// Goes on at the first offset that is kept; beyond the end there is nothing to go on to.
    private func passOverWhatIsGone(
        _ position: LogPosition, until deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> LogBatch? {
        let kept = (
            try await envelopes.queue.watermarks(asking: questions),
            try await presence.queue.watermarks(asking: questions)
        )
        var next = position
        if envelopes.isOutOfRange { next.envelopes = max(next.envelopes, kept.0.lowerBound) }
        if presence.isOutOfRange { next.presence = max(next.presence, kept.1.lowerBound) }
        let end = LogPosition(envelopes: kept.0.upperBound, presence: kept.1.upperBound)
        envelopes.forget()
        presence.forget()
        guard next == position else {
            return LogBatch(records: [], next: next, end: end)
        }
        guard position.isBeyond(end) else {
            try await seek(position)
            return nil
        }
        while !isClosed, !Task.isCancelled, ContinuousClock.now < deadline {
            await bell.wait(since: bell.generation, until: deadline)
        }
        return LogBatch(records: [], next: position, end: end)
    }

    /// Stops fetching. A reader that waits is told that the log was closed, where `isFinal`.
    func stop(isFinal: Bool) async {
        if isFinal { isClosed = true }
        bell.ring()
        await turn.enter()
        for queue in [envelopes, presence].filter(\.isAssigned).map(\.queue) {
            try? await Blocking.run { () throws(StoreError) in try queue.unassign() }
        }
        envelopes.isAssigned = false
        presence.isAssigned = false
        envelopes.forget()
        presence.forget()
        turn.leave()
    }
}
