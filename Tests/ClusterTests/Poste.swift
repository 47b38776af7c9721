import Foundation
import Synchronization

/// The built `poste` command, run as a person runs it, with a home folder of its own.
struct Poste: Sendable {
    let home: URL

    /// What a command left.
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    init() throws {
        home = FileManager.default.temporaryDirectory.appendingPathComponent("poste-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    }

    func removeHome() { try? FileManager.default.removeItem(at: home) }

    /// Beside the test bundle, where the package manager puts it.
    static let executable: URL = {
        if let path = ProcessInfo.processInfo.environment["POSTE_BINARY"] { return URL(fileURLWithPath: path) }
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("poste")
    }()

    /// Runs a command to its end; it is killed after `limit`.
    func run(_ arguments: String..., input: [UInt8]? = nil, limit: Duration = .seconds(90)) async throws -> Outcome {
        try await run(arguments, input: input, limit: limit)
    }

    func run(
        _ arguments: [String], input: [UInt8]? = nil, environment: [String: String] = [:], limit: Duration = .seconds(90)
    ) async throws -> Outcome {
        let child = try RunningPoste(arguments, home: home, input: input, environment: environment)
        let end = ContinuousClock.now + limit
        while child.isRunning {
            if ContinuousClock.now > end { child.kill() }
            try await Task.sleep(for: .milliseconds(5))
        }
        return Outcome(status: child.status, output: child.output, errors: child.errors)
    }

    /// Starts a command that goes on until it is stopped.
    func start(_ arguments: String...) throws -> RunningPoste { try RunningPoste(arguments, home: home, input: nil) }

    /// Starts `poste dev` and waits until it serves.
    func startDev(
        _ arguments: String..., on ports: [String] = ["--kms-listen", "127.0.0.1:0", "--front-listen", "127.0.0.1:0"]
    ) async throws -> RunningPoste {
        let ready = home.appendingPathComponent("ready-\(UUID().uuidString)")
        let dev = try RunningPoste(
            ["dev", "--level", "1024", "--ready-file", ready.path] + ports + arguments, home: home, input: nil)
        for _ in 0..<3000 where !FileManager.default.fileExists(atPath: ready.path) {
            guard dev.isRunning else { throw Failure("dev ended: \(dev.errors)") }
            try await Task.sleep(for: .milliseconds(10))
        }
        return dev
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

/// A child process whose output goes to files, so that no pipe can fill.
final class RunningPoste: Sendable {
    private let process: Mutex<Process>
    private let outputFile: URL
    private let errorFile: URL

    init(_ arguments: [String], home: URL, input: [UInt8]?, environment: [String: String] = [:]) throws {
        let name = UUID().uuidString
        outputFile = home.appendingPathComponent("\(name).out")
        errorFile = home.appendingPathComponent("\(name).err")
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = Poste.executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "POSTE_HOME": home.path, "POSTE_INSECURE_TEST_LEVEL": "1"
        ].merging(environment) { $1 }) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        if let input {
            let file = home.appendingPathComponent("\(name).in")
            try Data(input).write(to: file)
            process.standardInput = try FileHandle(forReadingFrom: file)
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
        self.process = Mutex(process)
    }

    var identifier: Int32 { process.withLock { $0.processIdentifier } }
    var isRunning: Bool { process.withLock { $0.isRunning } }
    var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }
    var status: Int32 { process.withLock { $0.terminationStatus } }

    /// SIGKILL.
    func kill() {
        process.withLock { if $0.isRunning { Glibc.kill($0.processIdentifier, SIGKILL) } }
    }

    /// SIGTERM, and the status that it ends with; killed after 20 s.
    func stop() async -> Int32 {
        process.withLock { if $0.isRunning { $0.terminate() } }
        for _ in 0..<2000 where isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        kill()
        await ended()
        return status
    }

    /// Waits for its end.
    func ended() async {
        while isRunning { try? await Task.sleep(for: .milliseconds(5)) }
    }
}
