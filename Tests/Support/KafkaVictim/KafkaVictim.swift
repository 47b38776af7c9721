import CRdKafka
import Foundation
import KafkaLog
import Mailbox

/// `KafkaVictim own SERVERS PREFIX` is a delivery worker as far as the group goes, and says what it is given.
/// `KafkaVictim close SERVERS PREFIX` uses a log, closes it, and says how many threads of librdkafka are left.
@main struct KafkaVictim {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let configuration = KafkaConfiguration(
            bootstrapServers: arguments[2], groupID: arguments[3] + "delivery", topicPrefix: arguments[3])
        let log = try await KafkaLog.open(configuration)
        if arguments[1] == "own" {
            for await change in log.ownership() { say("\(change)") }
        } else {
            try await useAndClose(log)
        }
    }

    private static func useAndClose(_ log: KafkaLog) async throws {
        let owning = Task { for await change in log.ownership() { say("\(change)") } }
        _ = try await log.append([LogRecord(key: [1], value: [2])], to: .presence, partition: 0)
        _ = try await log.read(
            partition: 0, from: LogPosition(), limit: PageLimit(count: 10), waitingUpTo: .milliseconds(500))
        _ = try await log.deadLetters(of: 0, from: 0, limit: PageLimit(count: 1))
        let waiting = Task {
            try await log.read(
                partition: 1, from: try await log.bounds(of: 1).end, limit: PageLimit(count: 1),
                waitingUpTo: .seconds(60))
        }
        try await Task.sleep(for: .seconds(1))
        let begun = ContinuousClock.now
        await log.close()
        await owning.value
        let fault = await waiting.result
        say("closed \((try? fault.get()) == nil) \(ContinuousClock.now - begun < .seconds(5)) \(rd_kafka_thread_cnt())")
    }

    private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
