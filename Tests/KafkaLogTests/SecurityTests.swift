import Foundation
import KafkaLog
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// Brokers that speak TLS and want a password.
@Suite(.enabled(if: TestKafka.hasDistribution), .serialized) struct SecurityTests {
    @Test(.timeLimit(.minutes(3))) func settingsOfAnOperatorReachEveryConnection() async throws {
        let security = try KafkaSecurity()
        let kafka = try await TestKafka.secured(by: security)
        var configuration = try kafka.configuration()
        configuration.bootstrapServers = try Self.listener(of: kafka)
        configuration.options = try security.options().map { try KafkaOption($0) }
        try await topicsLogAndGroupWork(configuration)
        try await refusalsAreToldSoonAndSayWhatToDo(configuration, security)
        try await aCommandTellsItToo(configuration, security)
        await kafka.end()
    }

    private static func listener(of kafka: TestKafka) throws -> String {
        let port = try #require(kafka.bootstrapServers.split(separator: ":").last.flatMap { Int($0) })
        return "127.0.0.1:\(port + 2)"
    }

    private func topicsLogAndGroupWork(_ configuration: KafkaConfiguration) async throws {
        let plan = TopicPlan(partitions: 2, replicas: 1, minInSync: 1)
        let topics = KafkaTopics(configuration)
        #expect(try await topics.create(plan).count == 4)
        #expect(try await topics.check(plan).isEmpty)
        let log = try await KafkaLog.open(configuration)
        try await LogBehaviour(log).check()
        for await change in log.ownership() {
            #expect(change == .assigned([0, 1]))
            break
        }
        await log.close()
    }

    private func refusalsAreToldSoonAndSayWhatToDo(
        _ configuration: KafkaConfiguration, _ security: KafkaSecurity
    ) async throws {
        let wrong = [
            (security.options(password: "hidden"), "check sasl.username, sasl.password"),
            (security.options(authority: "another"), "check ssl.ca.location"),
        ]
        for (options, advice) in wrong {
            var configuration = configuration
            configuration.options = try options.map { try KafkaOption($0) }
            let fixed = configuration
            for attempt in 0..<2 {
                let begun = ContinuousClock.now
                let fault = await fault {
                    if attempt == 0 {
                        _ = try await KafkaLog.open(fixed)
                    } else {
                        _ = try await KafkaTopics(fixed).check(TopicPlan())
                    }
                }
                #expect(fault?.kind == .misuse, "\(fault?.detail ?? "no fault")")
                #expect(fault?.detail.contains(advice) ?? false, "\(fault?.detail ?? "no fault")")
                #expect(fault?.detail.contains("hidden") == false)
                #expect(ContinuousClock.now - begun < .seconds(6))
            }
        }
        // Without TLS there is nothing to hear; then the advice must name it.
        var plain = configuration
        plain.options = []
        plain.requestTimeoutMs = 1500
        let fixed = plain
        let fault = await fault { _ = try await KafkaLog.open(fixed) }
        #expect(fault?.kind == .unavailable && fault?.detail.contains("security.protocol") ?? false)
    }

    /// It ends with a status, and not in the middle of TLS with a signal.
    private func aCommandTellsItToo(_ configuration: KafkaConfiguration, _ security: KafkaSecurity) async throws {
        for options in [security.options(password: "hidden"), security.options(authority: "another")] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
                .deletingLastPathComponent().appendingPathComponent("poste")
            process.arguments =
                ["dead-letters", "--kafka", configuration.bootstrapServers]
                + options.flatMap { ["--kafka-option", $0] }
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 74, "\(text)")
            #expect(text.contains("of the Kafka options"), "\(text)")
        }
    }
}
