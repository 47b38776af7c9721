import KafkaLog
import Mailbox
import Testing

/// What an append promises.
@Suite(.enabled(if: TestKafka.isThere)) struct AppendTests {
    @Test func aThousandAppendsAtOnceEachGetTheOffsetOfTheirRecords() async throws {
        let log = try await TestKafka.shared.value.log()
        let offsets = try await withThrowingTaskGroup(of: (Int, [UInt64]).self) { group in
            for number in 0..<1000 {
                group.addTask {
                    let records = (0..<3).map { LogRecord(key: nil, value: Array("\(number) \($0)".utf8)) }
                    return (number, try await log.append(records, to: .presence, partition: 1))
                }
            }
            return try await group.reduce(into: [Int: [UInt64]]()) { $0[$1.0] = $1.1 }
        }
        #expect(Set(offsets.values.joined()).count == 3000)
        #expect(offsets.values.allSatisfy { $0 == $0.sorted() && $0.count == 3 })
        var values: [UInt64: String] = [:]
        for stored in try await log.all(1) where stored.topic == .presence {
            values[stored.offset] = String(decoding: stored.record.value ?? [], as: UTF8.self)
        }
        for (number, offsets) in offsets {
            #expect(offsets.enumerated().allSatisfy { values[$1] == "\(number) \($0)" })
        }
        await log.close()
    }

    @Test func tombstonesEmptyValuesAndHeadersAreToldApart() async throws {
        let log = try await TestKafka.shared.value.log()
        let records = [
            LogRecord(key: [1], value: nil), LogRecord(key: [2], value: []), LogRecord(key: nil, value: nil),
            LogRecord(key: [], value: [0]),
            LogRecord(
                key: [3], value: nil,
                headers: [.init(name: "poste-reason", value: Array("expired".utf8)), .init(name: "", value: [])]),
        ]
        _ = try await log.append(records, to: .presence, partition: 0)
        let back = try await log.all(0).filter { $0.topic == .presence }
        #expect(back.map(\.record) == records)
        #expect(back.allSatisfy { $0.time.milliseconds > 1_500_000_000_000 })
        await log.close()
    }

    @Test func appendsWaitWhileTheQueueIsFull() async throws {
        var configuration = try await TestKafka.shared.value.configuration()
        configuration.sendQueueOctets = 1 << 20
        let log = try await open(configuration, TopicPlan(partitions: 2, replicas: 1, minInSync: 1))
        let offsets = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for number in 0..<60 {
                group.addTask {
                    let value = [UInt8](repeating: UInt8(number), count: 400_000)
                    return try await log.append([LogRecord(key: nil, value: value)], to: .contents, partition: 0)
                }
            }
            return try await group.reduce(into: Set<UInt64>()) { $0.formUnion($1) }
        }
        #expect(offsets == Set(0..<60))
        await log.close()
    }

    @Test func whatIsTooLargeIsSaidToBe() async throws {
        var configuration = try await TestKafka.shared.value.configuration()
        configuration.messageLimit = 1 << 20
        let log = try await open(
            configuration, TopicPlan(partitions: 1, replicas: 1, minInSync: 1, messageLimit: 100_000))
        let sizes = [200_000, 1 << 20]
        for size in sizes {
            let fault = await fault {
                _ = try await log.append(
                    [LogRecord(key: nil, value: [UInt8](repeating: 7, count: size).map { _ in .random(in: 0...255) })],
                    to: .contents, partition: 0)
            }
            #expect(fault?.kind == .tooLarge)
            #expect(fault?.detail.contains("poste.contents [0]") ?? false)
        }
        #expect(try await log.append([LogRecord(key: nil, value: [1])], to: .contents, partition: 0) == [0])
        await log.close()
    }
}

extension KafkaLog {
    /// Everything in a partition that its fold reads.
    func all(_ partition: Int, from start: LogPosition = LogPosition()) async throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        var next = start
        while true {
            let batch = try await read(
                partition: partition, from: next, limit: PageLimit(count: 500), waitingUpTo: .zero)
            records += batch.records
            next = batch.next
            if batch.reachesEnd { return records }
        }
    }
}

/// Makes topics and opens the log on them.
func open(_ configuration: KafkaConfiguration, _ plan: TopicPlan) async throws -> KafkaLog {
    _ = try await KafkaTopics(configuration).create(plan)
    return try await KafkaLog.open(configuration)
}

/// What the call fails with.
func fault(_ body: () async throws -> Void) async -> StoreError? {
    do {
        try await body()
    } catch {
        return error as? StoreError
    }
    return nil
}
