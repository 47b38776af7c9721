import Foundation
import KafkaLog
import Mailbox

extension Command {
    /// `poste topics`
    static let topics = Command(
        name: "topics", summary: "checks the topics of a cluster on Kafka, and makes them", synopsis: "", words: 0...0,
        discussion: """
            Compares the four topics with what a cluster needs: partitions, replicas, how many must be in sync, compaction,
            retention. Says what differs and how to mend it. With --create it makes those that are missing first; those that are
            there it never changes.
            """,
        examples: [
            ("poste topics --kafka broker1:9092,broker2:9092 --create", "makes the topics, and checks them"),
            ("poste topics --kafka broker1:9092 --kafka-option security.protocol=SSL", "checks them over TLS"),
        ],
        options: [
            .kafka, .kafkaOption,
            Option("create", .flag, "make the topics that are missing"),
            Option("partitions", .value("N"), "partitions of every topic; fixed for ever", default: "12"),
            Option("replicas", .value("N"), "replicas of every partition", default: "3"),
            Option(
                "min-in-sync", .value("N"), "how many of them must have a record before a sender gets a receipt",
                default: "2"),
            Option(
                "compaction-lag", .value("TIME"), "how long after its end a deposit may still be on the brokers' disks",
                default: "1h"),
            Option("contents-kept", .value("TIME"), "the longest lifetime of a deposit, and a day", default: "31d"),
            .json,
        ],
        run: checkTopics)

    private struct Report: Encodable {
        struct Finding: Encodable { let topic, fault, remedy: String }
        let made: [String]
        let findings: [Finding]
    }

    @Sendable private static func checkTopics(_ arguments: Arguments) async throws {
        let topics = KafkaTopics(try arguments.kafkaConfiguration(clientID: "poste-topics"))
        var plan = TopicPlan()
        plan.partitions = try arguments.number("partitions", in: 1...10_000, default: plan.partitions)
        plan.replicas = try arguments.number("replicas", in: 1...100, default: plan.replicas)
        plan.minInSync = try arguments.number("min-in-sync", in: 1...plan.replicas, default: min(2, plan.replicas))
        plan.compactionLagMs = Int64(try arguments.seconds("compaction-lag", default: 3600)) * 1000
        plan.contentsKeptMs = Int64(try arguments.seconds("contents-kept", default: 31 * 86_400)) * 1000
        let made = arguments.has("create") ? try await topics.create(plan) : []
        let findings = try await topics.check(plan, justMade: made)
        if arguments.has("json") {
            try printJSON(
                Report(
                    made: made,
                    findings: findings.map { .init(topic: $0.topic, fault: $0.fault, remedy: $0.remedy) }))
        } else {
            for name in made { say("made \(name)") }
            for finding in findings { say("\(finding.topic): \(finding.fault)\n    \(finding.remedy)") }
            if findings.isEmpty { say("all topics are as they should be") }
        }
        guard findings.isEmpty else {
            throw CommandFailure(
                .data,
                "\(findings.count) thing\(findings.count == 1 ? " is" : "s are") not as the cluster needs \(findings.count == 1 ? "it" : "them")"
            )
        }
    }
}
