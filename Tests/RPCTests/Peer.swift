import Foundation

/// An `RPCPeer` process.
struct Peer {
    struct Failure: Error { let text: String }

    let process: Process
    /// The first line that it printed.
    let line: String

    init(_ arguments: String...) async throws {
        let process = Process()
        process.executableURL = try Self.executable()
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        self.process = process
        line = try await blocking {
            var text = ""
            while !text.hasSuffix("\n") {
                let data = output.fileHandleForReading.availableData
                guard !data.isEmpty else { throw Failure(text: "RPCPeer ended without a word") }
                text += String(decoding: data, as: UTF8.self)
            }
            return String(text.dropLast())
        }
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// It is built beside the tests.
    private static func executable() throws -> URL {
        let name = "RPCPeer"
        for argument in CommandLine.arguments + [Bundle.main.bundlePath, Bundle.main.executablePath ?? ""] {
            var folder = URL(fileURLWithPath: argument)
            while folder.path != "/" {
                folder.deleteLastPathComponent()
                let candidate = folder.appendingPathComponent(name)
                if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
            }
        }
        throw Failure(text: "RPCPeer is not beside the tests: build with `swift build --build-tests`")
    }
}

/// Waits on a thread of its own: the pool's few threads are needed by the servers that a program talks to.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// Runs a program to its end.
func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    try await blocking { try runHere(program, arguments) }
}

private func runHere(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let stdout = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = stdout
    process.standardError = stdout
    try process.run()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// A folder that is gone after the test.
func withFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rpc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}
