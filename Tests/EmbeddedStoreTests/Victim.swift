import Foundation

/// A process to kill. It is found beside the test's own program.
final class Victim {
    private let process = Process()
    private let output = Pipe()
    private var buffer = Data()

    struct SaidNothing: Error {}

    init(_ mode: String, _ path: String, firstSeed: UInt64) throws {
        let folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        process.executableURL = folder.appendingPathComponent("StoreVictim")
        process.arguments = [mode, path, String(firstSeed)]
        process.standardOutput = output
        try process.run()
    }

    var id: Int32 { process.processIdentifier }

    func nextLine() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer = Data(buffer[(end + 1)...]) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw SaidNothing() }
            buffer += more
        }
    }

    /// SIGKILL: no handler runs.
    func kill() {
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Kills it, and gives every line that it had said.
    func killed() -> [String] {
        kill()
        buffer += output.fileHandleForReading.readDataToEndOfFile()
        // A line without its end was not said.
        return String(decoding: buffer, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }
}
