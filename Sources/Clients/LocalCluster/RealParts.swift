import Foundation

/// What a cluster needs that is not part of this package: Kafka, Java, redis-server.
public enum RealParts {
    /// Whether brokers can be started here; nil where they can, else why not and what to do about it.
    ///
    /// Downloads Kafka where it is nowhere on this machine, and blocks meanwhile.
    public static func lackOfKafka(script: String? = nil) -> String? {
        guard let script = script ?? LocalBrokers.script(near: CommandLine.arguments[0]) else {
            return "deploy/kafka is not above \(CommandLine.arguments[0]) or the working folder"
        }
        let search = Process()
        let errors = Pipe()
        search.executableURL = URL(fileURLWithPath: script)
        search.arguments = ["find"]
        search.standardOutput = FileHandle.nullDevice
        search.standardError = errors
        do {
            try search.run()
        } catch {
            return "\(script) cannot be run: \(error.localizedDescription)"
        }
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        search.waitUntilExit()
        return search.terminationStatus == 0 ? nil : text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether Redis can be started here; nil where it can, else what to do about it.
    public static func lackOfRedis() -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let lacking = ["redis-server", "redis-cli"].filter { name in
            !folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
        }
        return lacking.isEmpty ? nil : "\(lacking.joined(separator: " and ")) not in PATH: apt-get install redis-server"
    }

    /// Whether a whole cluster can be started here; where it cannot, says loudly on standard error what is skipped, and why.
    public static func areThere(or whatIsSkipped: String) -> Bool {
        let reasons = [lackOfKafka(), lackOfRedis()].compactMap { $0 }
        guard !reasons.isEmpty else { return true }
        let text = "\n*** SKIPPED: \(whatIsSkipped)\n\(reasons.joined(separator: "\n"))\n\n"
        FileHandle.standardError.write(Data(text.utf8))
        return false
    }
}
