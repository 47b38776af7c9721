import CRdKafka
import Dispatch
import Mailbox

/// The topics of a log as an operator sees them: checks them against a plan, and makes those that are missing.
public struct KafkaTopics: Sendable {
    private let configuration: KafkaConfiguration

    /// Topics at the brokers of a configuration.
    public init(_ configuration: KafkaConfiguration) { self.configuration = configuration }

    /// Makes those topics that are missing.
    /// - Returns: the names of those that were made.
    /// - Throws: `StoreError`: `.unavailable`, `.misuse` where the brokers refuse, with their reason.
    public func create(_ plan: TopicPlan) async throws(StoreError) -> [String] {
        try await withAdmin { admin throws(StoreError) in
            var made: [String] = []
            for topic in LogTopic.allCases where try admin.handle.shape(of: configuration.name(of: topic)) == nil {
                let name = configuration.name(of: topic)
                try admin.create(name, plan, plan.settings(of: topic))
                made.append(name)
            }
            for name in made { _ = try admin.handle.awaitShape(of: name, for: .seconds(5)) }
            return made
        }
    }

    /// Compares all topics with a plan; none where all is well.
    ///
    /// - Parameter justMade: names that `create` gave, which a broker may not have heard of yet: it is asked again.
    public func check(_ plan: TopicPlan, justMade: [String] = []) async throws(StoreError) -> [TopicFinding] {
        try await withAdmin { admin throws(StoreError) in
            var findings: [TopicFinding] = []
            var answering: [Int32: Bool] = [:]
            for topic in LogTopic.allCases {
                let name = configuration.name(of: topic)
                let patience = Duration.seconds(justMade.contains(name) ? 10 : 0)
                guard let shape = try admin.handle.awaitShape(of: name, for: patience) else {
                    findings.append(
                        TopicFinding(topic: name, fault: "it is missing", remedy: "run 'poste topics --create'"))
                    continue
                }
                let found = try admin.settings(of: name, at: shape.describedBy)
                findings += inspect(name, shape, plan)
                findings += silent(name, shape.leaders, &answering, admin.handle)
                findings += inspect(name, found, plan.settings(of: topic))
            }
            return findings
        }
    }

    private func withAdmin<Value: Sendable>(
        _ body: @escaping @Sendable (TopicAdmin) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let configuration = configuration
        let lifetime = DispatchGroup()
        let result: Result<Value, StoreError>
        do throws(StoreError) {
            result = .success(
                try await Blocking.run { () throws(StoreError) in
                    let notices = Notices(configuration.notice)
                    return try body(
                        TopicAdmin(handle: try KafkaHandle(.consumer, [], configuration, notices, lifetime)))
                })
        } catch {
            result = .failure(error)
        }
        await KafkaLog.end(lifetime)
        return try result.get()
    }

    private func inspect(_ name: String, _ shape: TopicShape, _ plan: TopicPlan) -> [TopicFinding] {
        var findings: [TopicFinding] = []
        func add(_ fault: String, _ remedy: String) {
            findings.append(TopicFinding(topic: name, fault: fault, remedy: remedy))
        }
        if shape.partitionCount != plan.partitions {
            add(
                "it has \(shape.partitionCount) partitions, not \(plan.partitions)",
                "a mailbox's partition depends on the count, so it cannot be changed while mail waits: say "
                    + "--partitions \(shape.partitionCount) if all topics have as many, or delete and make the topics anew"
            )
        }
        if shape.replicas < plan.replicas {
            add(
                "a partition has \(shape.replicas) replica\(shape.replicas == 1 ? "" : "s"), not \(plan.replicas)",
                "add replicas with kafka-reassign-partitions")
        }
        if !shape.leaderless.isEmpty {
            add("nobody leads \(Self.list(shape.leaderless))", "start the brokers that are down")
        } else if shape.inSync < min(plan.minInSync, shape.replicas) {
            add(
                "a partition has \(shape.inSync) replica\(shape.inSync == 1 ? "" : "s") in sync; appends need "
                    + "\(plan.minInSync)", "start the brokers that are down, or wait for them to catch up")
        }
        return findings
    }

    /// Brokers that lead and do not answer. Those that are left may not know: where most controllers are dead, nobody tells
    /// them, and they describe the cluster as it was.
    private func silent(
        _ name: String, _ leaders: [TopicShape.Leader], _ answering: inout [Int32: Bool], _ handle: KafkaHandle
    ) -> [TopicFinding] {
        var findings: [TopicFinding] = []
        for leader in leaders {
            let answers =
                answering[leader.broker]
                ?? handle.leaderAnswers(name, leader.partitions[0], within: Self.patienceMs)
            answering[leader.broker] = answers
            guard !answers else { continue }
            findings.append(
                TopicFinding(
                    topic: name,
                    fault: "broker \(leader.broker) at \(leader.address) leads \(Self.list(leader.partitions)), "
                        + "and does not answer",
                    remedy: "start it, or wait until another leads; where it runs, look at its log and the way to it"))
        }
        return findings
    }

    private static func list(_ partitions: [Int]) -> String {
        "partition\(partitions.count == 1 ? "" : "s") \(partitions.map(String.init).joined(separator: ", "))"
    }

    /// How long a broker has to answer, in ms.
    private static let patienceMs = 5000

    private func inspect(
        _ name: String, _ found: [String: String], _ settings: [TopicPlan.Setting]
    ) -> [TopicFinding] {
        settings.compactMap { setting in
            guard let value = found[setting.name], !setting.allows(value) else { return nil }
            return TopicFinding(
                topic: name, fault: "\(setting.name) is \(value), not \(setting.value)",
                remedy:
                    "kafka-configs --bootstrap-server \(configuration.bootstrapServers) --alter --entity-type topics "
                    + "--entity-name \(name) --add-config \(setting.name)=\(setting.value)")
        }
    }
}
