import KafkaLog
import Mailbox

extension LogState {
    /// Reads the whole log. Throws `StoreError`.
    init(readFrom bootstrapServers: String) async throws(StoreError) {
        self.init()
        let log = try await KafkaLog.open(KafkaConfiguration(bootstrapServers: bootstrapServers, clientID: "chaos", groupID: "chaos"))
        do throws(StoreError) {
            for partition in 0..<log.partitionCount { try await take(partition, of: log) }
        } catch {
            await log.close(grace: .zero)
            throw error
        }
        await log.close(grace: .zero)
    }

    private mutating func take(_ partition: Int, of log: KafkaLog) async throws(StoreError) {
        var position = try await log.bounds(of: partition).start
        while true {
            let batch = try await log.read(
                partition: partition, from: position, limit: PageLimit(count: 5_000, octets: 16 << 20), waitingUpTo: .seconds(2))
            for stored in batch.records {
                switch stored.topic {
                case .envelopes: takeEnvelope(key: stored.record.key, value: stored.record.value)
                case .presence: takePresence(value: stored.record.value)
                case .contents, .deadLetters: break
                }
            }
            if batch.records.isEmpty, batch.next == position { return }
            position = batch.next
        }
    }
}
