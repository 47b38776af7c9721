import KafkaLog
import Mailbox
import Testing

/// What an operator is told of topics, and of what he got wrong.
@Suite(.enabled(if: TestKafka.isThere)) struct TopicTests {
    @Test func topicsAreMadeAsPlannedAndDifferencesAreNamed() async throws {
        let configuration = try await TestKafka.shared.value.configuration()
        let topics = KafkaTopics(configuration)
        let plan = TopicPlan(partitions: 2, replicas: 1, minInSync: 1)
        let missing = try await topics.check(plan)
        #expect(missing.count == 4 && missing.allSatisfy { $0.remedy.contains("--create") })
        #expect(try await topics.create(plan).count == 4)
        #expect(try await topics.create(plan).isEmpty)
        #expect(try await topics.check(plan).isEmpty)
        let other = TopicPlan(
            partitions: 3, replicas: 2, minInSync: 2, compactionLagMs: 1000, contentsKeptMs: 365 * 86_400_000)
        let findings = try await topics.check(other)
        let faults = Set(findings.filter { $0.topic.hasSuffix("poste.envelopes") }.map(\.fault))
        #expect(
            faults == [
                "it has 2 partitions, not 3", "a partition has 1 replica, not 2", "min.insync.replicas is 1, not 2",
                "max.compaction.lag.ms is 3600000, not 1000", "segment.ms is 3600000, not 1000",
            ])
        #expect(findings.contains { $0.fault == "retention.ms is 2678400000, not 31536000000" })
        #expect(findings.contains { $0.remedy.contains("--add-config retention.ms=31536000000") })
    }

    @Test func whatTheClusterCannotDoIsSaid() async throws {
        let topics = KafkaTopics(try await TestKafka.shared.value.configuration())
        let fault = await fault { _ = try await topics.create(TopicPlan(partitions: 1, replicas: 50)) }
        #expect(fault?.kind == .misuse && fault?.detail.contains("replication factor") ?? false)
    }

    @Test func aLogWithoutTopicsIsNotOpened() async throws {
        let configuration = try await TestKafka.shared.value.configuration()
        let fault = await fault { _ = try await KafkaLog.open(configuration) }
        #expect(fault?.kind == .unavailable && fault?.detail.contains("poste topics --create") ?? false)
    }
}

/// What needs no brokers.
struct ConfigurationTests {
    @Test func aWrongAddressIsNamedInBoundedTime() async throws {
        let begun = ContinuousClock.now
        let fault = await fault {
            _ = try await KafkaLog.open(
                KafkaConfiguration(bootstrapServers: "127.0.0.1:1", requestTimeoutMs: 1500))
        }
        #expect(fault?.kind == .unavailable && fault?.detail.contains("127.0.0.1:1") ?? false)
        #expect(fault?.detail.contains("refused") ?? false, "the cause is told: \(fault?.detail ?? "")")
        #expect(ContinuousClock.now - begun < .seconds(5))
    }

    @Test func optionsAreCheckedAndTheirValuesNeverShown() async throws {
        let password = try KafkaOption("sasl.password=two=three")
        #expect(password.value == "two=three")
        #expect(!"\(password)".contains("three") && !String(reflecting: password).contains("three"))
        var dumped = ""
        dump(password, to: &dumped)
        #expect(!dumped.contains("three"))
        for text in ["acks=1", "enable.idempotence=false", "auto.offset.reset=latest", "no sign", "=x"] {
            let refused = await fault { _ = try KafkaOption(text) }
            #expect(refused?.kind == .misuse)
        }
        for (name, value) in [
            ("no.such.option", "hidden"), ("ssl.ca.location", "/no/such/hidden.pem"), ("socket.timeout.ms", "hidden"),
        ] {
            let options = [try KafkaOption(name: name, value: value), try KafkaOption("security.protocol=ssl")]
            let refused = await fault {
                _ = try await KafkaLog.open(KafkaConfiguration(bootstrapServers: "127.0.0.1:1", options: options))
            }
            #expect(refused?.kind == .misuse)
            if name != "ssl.ca.location" { #expect(refused?.detail.contains("hidden") == false) }
        }
    }
}
