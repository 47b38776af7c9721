import Mailbox

extension KafkaLog: MailLog {
    /// See `MailLog`. After an error any of the records may be there, in their order; an append that timed out may still
    /// arrive.
    public func append(
        _ records: [LogRecord], to topic: LogTopic, partition: Int
    ) async throws(StoreError) -> [UInt64] {
        try check(partition)
        return try await producer().append(records, to: topic, partition: partition)
    }

    /// See `MailLog`.
    public func read(
        partition: Int, from position: LogPosition, limit: PageLimit, waitingUpTo wait: Duration
    ) async throws(StoreError) -> LogBatch {
        try check(partition)
        positions.withLock { $0[partition] = position }
        let tail = try tail(partition)
        do throws(StoreError) {
            let batch = try await tail.read(from: position, limit: limit, waitingUpTo: wait)
            // Behind the log's own end: it may be another log under the same name.
            if position.isBeyond(batch.end) { name.withLock { $0 = nil } }
            return batch
        } catch {
            // So it may be after a fault, as of topics that are gone for a while.
            name.withLock { $0 = nil }
            throw error
        }
    }

    /// See `MailLog`. What the group's member committed last: up to some seconds ago.
    public func foldedBefore(partition: Int) async -> LogPosition {
        let handle = try? withParts { parts throws(StoreError) -> KafkaHandle in parts.tailHandle }
        guard let handle else { return LogPosition() }
        let committed = try? await Blocking.run { () throws(StoreError) in handle.committed(partition) }
        return committed ?? LogPosition()
    }

    /// See `MailLog`. The brokers are asked.
    public func bounds(of partition: Int) async throws(StoreError) -> LogBounds {
        try check(partition)
        let handle = try withParts { parts throws(StoreError) -> KafkaHandle in parts.contentsHandle }
        let (envelopes, presence) = (configuration.name(of: .envelopes), configuration.name(of: .presence))
        return try await Blocking.run { () throws(StoreError) in
            let first = try handle.watermarks(envelopes, Int32(partition))
            let second = try handle.watermarks(presence, Int32(partition))
            return LogBounds(
                start: LogPosition(envelopes: first.lowerBound, presence: second.lowerBound),
                end: LogPosition(envelopes: first.upperBound, presence: second.upperBound))
        }
    }

    /// See `MailLog`.
    public func contents(
        _ run: ContentRun, of key: DepositKey, skipping skipped: Int, limit: PageLimit
    ) async throws(StoreError) -> [[UInt8]] {
        let partition = Int(run.partition)
        try check(partition)
        return try await lane(partition).read(
            run.offsets(skipping: skipped, limit: limit.count), of: key.octets, octetLimit: limit.octets)
    }

    /// See `MailLog`.
    public func deadLetters(
        of partition: Int, from offset: UInt64, limit: PageLimit
    ) async throws(StoreError) -> [StoredRecord] {
        try check(partition)
        return try await pages(.deadLetters, partition).page(from: offset, limit: limit)
    }

    /// See `MailLog`.
    public func tick(partition: Int) async throws(StoreError) {
        _ = try await append([EnvelopeRecord.tick.record], to: .envelopes, partition: partition)
    }

    /// See `MailLog`: a member of the consumer group, for as long as the stream is iterated.
    ///
    /// A partition is given up only once the iterating task asks for the next change, so that its owner has stopped
    /// before another begins; or after a second.
    public func ownership() -> AsyncStream<OwnershipChange> {
        do throws(StoreError) {
            let member = try GroupMember(
                configuration, notices, lifetime,
                positions: { [weak self] in self?.positions.withLock { $0 } ?? [:] },
                revoked: { [weak self] in self?.drop($0) })
            try withParts { parts throws(StoreError) -> Void in parts.leave.append { [weak member] in member?.leave() }
            }
            return AsyncStream(unfolding: { await member.changes.next() }, onCancel: { member.leave() })
        } catch {
            // Closed, or options that the other handles took before.
            notices.take(KafkaNotice(level: 3, facility: "OWNERSHIP", text: error.detail))
            return AsyncStream { $0.finish() }
        }
    }
}
