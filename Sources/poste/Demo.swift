import Foundation
import LocalCluster

extension Command {
    /// `poste demo`
    static let demo = Command(
        name: "demo", summary: "see a whole deferred delivery: Alice leaves Bob a voicemail while he is away",
        synopsis: "", words: 0...0,
        discussion: """
            Starts a KMS, two fronts and a delivery worker as processes of their own on loopback, in a temporary folder; leaves
            a recording of 30 s and a text for Bob, who is away; looks at what the cluster stored; lets Bob come back and hear
            it; and shows that the key is erased. Everything is real: pairings, TLS, files. It ends by itself.

            With --cluster the log is in three Kafka brokers and the rest in Redis, all started on loopback; there are two delivery
            workers; and the front that takes the recording, and the worker that delivers it, are killed in the middle of it.
            """,
        examples: [
            ("poste demo", "tell the story"),
            ("poste demo --cluster", "with Kafka, Redis and two of each worker, some of which are killed"),
            ("poste demo --json", "for programs: the last line is one object with ok, deposits, fronts and more"),
        ],
        options: [
            .json, Option("level", .value("BITS"), "security level: 2048, 3072, 7680", default: "3072"),
            Option(
                "cluster", .flag,
                "with brokers and Redis, killing a front and a delivery worker; needs Java 17 and redis-server"),
            Option("keep", .flag, "keep the temporary folder and say where it is"), .insecureTestLevel,
        ]
    ) { arguments in
        let level = arguments.value("level") ?? (arguments.has("insecure-test-level") ? "1024" : "3072")
        guard level != "1024" || arguments.has("insecure-test-level") else {
            throw arguments.usage("--level 1024 protects nothing: it needs --insecure-test-level")
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer {
            if arguments.has("keep") {
                FileHandle.standardError.write(Data("kept: \(folder.path)\n".utf8))
            } else {
                try? FileManager.default.removeItem(at: folder)
            }
        }
        var configuration = LocalClusterConfiguration(
            executable: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path, folder: folder.path)
        configuration.level = Int(level) ?? 3072
        configuration.removesFolder = !arguments.has("keep")
        configuration.prepare(forCluster: arguments.has("cluster"))
        let demo = DeferredDelivery(configuration: configuration, story: Story(json: arguments.has("json")))
        let report = try await withStopSignal { try await demo.run() }
        if arguments.has("json") { try printJSON(report) }
        guard report.ok else { throw CommandFailure(.failure, "the demo did not go as it should: see above") }
    }
}

/// Runs the work, and cancels it when the process is asked to stop.
private func withStopSignal<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value
{
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            await StopSignal.wait()
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            throw CommandFailure(.failure, "stopped")
        }
        return value
    }
}
