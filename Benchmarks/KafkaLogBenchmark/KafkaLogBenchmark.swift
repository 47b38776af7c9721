import Foundation
import KafkaLog
import Mailbox
import Primitives

/// Appends records of 1 KB to the brokers given, one at a time, then 1,000 in flight, and reads them back.
/// Beside it run `kafka tool producer-perf`: what counts is the ratio.
@main struct KafkaLogBenchmark {
    static func main() async throws {
        guard CommandLine.arguments.count == 3, let replicas = Int(CommandLine.arguments[2]) else {
            print("usage: KafkaLogBenchmark SERVERS REPLICAS")
            return
        }
        let prefix = "bench\(hexadecimal(try SystemRandom().octets(4)))."
        let configuration = KafkaConfiguration(
            bootstrapServers: CommandLine.arguments[1], groupID: prefix + "g", topicPrefix: prefix)
        let plan = TopicPlan(partitions: 12, replicas: replicas, minInSync: max(1, replicas - 1))
        _ = try await KafkaTopics(configuration).create(plan)
        let log = try await KafkaLog.open(configuration)
        let value = try SystemRandom().octets(1000)
        for round in 1...3 {
            let alone = try await rate(3000) { @Sendable in
                for number in 0..<3000 { try await append(log, value, number) }
            }
            let together = try await rate(200_000) { @Sendable in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<1000 {
                        group.addTask { for number in 0..<200 { try await append(log, value, lane + number) } }
                    }
                    try await group.waitForAll()
                }
            }
            print("round \(round): one at a time \(alone)/s, 1,000 in flight \(together)/s")
        }
        var (count, next) = (0, LogPosition())
        let begun = ContinuousClock.now
        while true {
            let batch = try await log.read(
                partition: 0, from: next, limit: PageLimit(count: 1000), waitingUpTo: .seconds(1))
            count += batch.records.count
            next = batch.next
            if batch.reachesEnd { break }
        }
        print("read \(count) records at \(perSecond(count, since: begun))/s")
        await log.close()
    }

    private static func append(_ log: KafkaLog, _ value: [UInt8], _ number: Int) async throws {
        _ = try await log.append([LogRecord(key: nil, value: value)], to: .presence, partition: number % 12)
    }

    private static func rate(_ count: Int, _ work: @Sendable () async throws -> Void) async throws -> Int {
        let begun = ContinuousClock.now
        try await work()
        return perSecond(count, since: begun)
    }

    private static func perSecond(_ count: Int, since begun: ContinuousClock.Instant) -> Int {
        let seconds: Double = (ContinuousClock.now - begun) / .seconds(1)
        return Int(Double(count) / seconds)
    }
}
