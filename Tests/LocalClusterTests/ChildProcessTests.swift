import Foundation
import LocalCluster
import Testing

/// Processes that are started, watched and ended.
@Suite struct ChildProcessTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-child-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private var outputFile: URL { folder.appendingPathComponent("output") }
    private var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

    private func start(_ script: String, _ environment: [String: String] = [:]) throws -> ChildProcess {
        try ChildProcess(
            ["/bin/sh", "-c", script], environment: environment, outputFile: outputFile.path,
            pidFile: folder.appendingPathComponent("pid").path)
    }

    @Test func tellsHowItEnded() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try await start("exit 7").ended(within: .seconds(10)) == .exited(7))
        #expect(try await start("kill -USR1 $$").ended(within: .seconds(10)) == .killed(SIGUSR1))
        let absent = try ChildProcess(["/no/such/command"], outputFile: outputFile.path)
        #expect(await absent.ended(within: .seconds(10)) == .exited(127))
        let sleeper = try start("exec sleep 60")
        #expect(await sleeper.ended(within: .milliseconds(50)) == nil && sleeper.isRunning)
        await sleeper.killed()
        #expect(sleeper.end == .killed(SIGKILL) && kill(sleeper.pid, 0) != 0)
        // What is sent to one that is gone reaches nobody.
        sleeper.signal(SIGKILL)
    }

    @Test func hasItsVariablesItsNumberAndNoDescriptorOfItsParent() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let secret = folder.appendingPathComponent("secret")
        try Data().write(to: secret)
        let descriptor = open(secret.path, O_RDONLY)
        defer { close(descriptor) }
        let child = try start("echo $COLOUR $$; ls -l /proc/self/fd", ["COLOUR": "green"])
        #expect(await child.ended(within: .seconds(10)) == .exited(0))
        let number = try String(contentsOf: folder.appendingPathComponent("pid"), encoding: .utf8)
        #expect(output.hasPrefix("green \(child.pid)\n") && number == "\(child.pid)\n", "\(output)")
        #expect(!output.contains("secret"), "\(output)")
    }

    @Test func endsInGoodOrderOrIsKilled() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let orderly = try start("trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done")
        try await Task.sleep(for: .milliseconds(300))
        // Also one that is frozen.
        orderly.signal(SIGSTOP)
        await orderly.terminate(within: .seconds(10))
        #expect(orderly.end == .exited(3) && output.contains("bye"))
        let stubborn = try start("trap '' TERM; while :; do sleep 0.05; done")
        try await Task.sleep(for: .milliseconds(300))
        await stubborn.terminate(within: .milliseconds(200))
        #expect(stubborn.end == .killed(SIGKILL))
    }
}
