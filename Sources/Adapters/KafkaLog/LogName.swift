import CRdKafka
import Mailbox
import Primitives

extension KafkaLog {
    /// See `MailLog`: the cluster's id, and 16 random octets in hex that the first who needed them wrote into partition 0
    /// of the envelopes. Topics that were made anew, or are of another cluster, are another log.
    ///
    /// librdkafka does not tell the ids that Kafka gives topics, so the log bears a name of its own: a record of the
    /// envelopes topic under a key that no other has, which compaction keeps for ever. Should two write one, the first
    /// counts.
    public func identity() async throws(StoreError) -> String {
        if let known = name.withLock({ $0 }) { return known }
        let handle = try withParts { parts throws(StoreError) -> KafkaHandle in parts.contentsHandle }
        let cluster = try await Blocking.run { () throws(StoreError) in try handle.clusterID() }
        let found: [UInt8]
        if let name = try await recordedName() {
            found = name
        } else {
            let random: [UInt8]
            do {
                random = try SystemRandom().octets(EnvelopeRecord.logNameSize)
            } catch {
                throw StoreError(.unavailable, "no random octets for the name of a new log: \(error)")
            }
            _ = try await append([EnvelopeRecord.logName(random).record], to: .envelopes, partition: 0)
            guard let name = try await recordedName() else {
                throw StoreError(
                    .unavailable,
                    "the name of the log was written to \(configuration.name(of: .envelopes)) [0] and is not "
                        + "there; it is tried again")
            }
            found = name
        }
        let identity = "kafka \(cluster) \(hexadecimal(found))"
        name.withLock { $0 = identity }
        return identity
    }

    /// The first name in partition 0. It is among the first records: it is written before any other.
    private func recordedName() async throws(StoreError) -> [UInt8]? {
        let pages = try pages(.envelopes, 0)
        var next: UInt64 = 0
        while true {
            let page = try await pages.page(from: next, limit: PageLimit(count: 1000))
            for stored in page {
                if case .logName(let name) = try? EnvelopeRecord(stored.record) { return name }
            }
            guard let last = page.last else { return nil }
            next = last.offset + 1
        }
    }
}

extension KafkaHandle {
    /// The cluster's id. Blocks.
    func clusterID() throws(StoreError) -> String {
        guard let text = rd_kafka_clusterid(pointer, Int32(clamping: configuration.requestTimeoutMs)) else {
            throw KafkaFault(RD_KAFKA_RESP_ERR__TIMED_OUT).storeError(
                "the brokers \(configuration.bootstrapServers) do not tell the cluster's id", notices)
        }
        defer { rd_kafka_mem_free(pointer, text) }
        return String(cString: text)
    }
}
