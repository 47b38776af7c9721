import Foundation

/// A process to kill. It is found beside the test's own program.
final class Victim {
    private let process = Process()
    private let output = Pipe()
    private var buffer = Data()

    init(_ mode: String, _ servers: String, _ prefix: String) throws {
        let folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        process.executableURL = folder.appendingPathComponent("KafkaVictim")
        process.arguments = [mode, servers, prefix]
        process.standardOutput = output
        try process.run()
    }

    deinit { if process.isRunning { kill() } }

    /// What it says next; none when it has ended.
    func nextLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer = Data(buffer[(end + 1)...]) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            buffer += more
        }
    }

    /// SIGKILL: no handler runs.
    func kill() {
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
