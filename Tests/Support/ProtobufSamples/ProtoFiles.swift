import Foundation

/// Some .proto files of a folder, as `protoc` understands them.
package struct ProtoFiles: Sendable {
    package let folder: URL
    package let files: [String]

    /// - Parameter folder: from the root of the repository.
    package init(in folder: String, _ files: [String]) {
        self.folder =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../\(folder)").standardized
        self.files = files
    }

    /// A message's octets as protoc writes them.
    package func encode(_ sample: Sample) throws -> [UInt8] {
        let arguments = ["--proto_path=\(folder.path)", "--encode=\(sample.name)"] + files
        return [UInt8](try Tool.run("protoc", arguments, input: Data(sample.text.utf8)))
    }

    /// The messages of the files, by their full names, without those that only ever travel inside another.
    package func outerMessages() throws -> Set<String> {
        let names = try Set(files.flatMap(messages))
        return try names.filter { name in try !isEmbedded(name.split(separator: ".").last.map(String.init) ?? "") }
    }

    private func lines(of file: String) throws -> [String] {
        try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8).components(separatedBy: "\n")
    }

    private func messages(in file: String) throws -> [String] {
        let lines = try lines(of: file)
        let package = lines.first { $0.hasPrefix("package ") }?.dropFirst(8).dropLast() ?? ""
        return lines.filter { $0.hasPrefix("message ") }.map { "\(package).\($0.split(separator: " ")[1])" }
    }

    private func isEmbedded(_ type: String) throws -> Bool {
        try files.flatMap(lines).contains {
            $0.range(of: "^ +(repeated )?([a-z0-9_]+\\.)*\(type) [a-z_]+ = ", options: .regularExpression) != nil
        }
    }
}

/// Programs that tests run.
package enum Tool {
    package struct Failure: Error { package let text: String }

    package static let hasProtoc = (try? run("protoc", ["--version"])) != nil

    /// The program's standard output; throws with its standard error when it fails.
    package static func run(_ name: String, _ arguments: [String], input: Data = Data()) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
        try process.run()
        // Small enough for the pipes, so nothing waits for anything.
        try stdin.fileHandleForWriting.write(contentsOf: input)
        try stdin.fileHandleForWriting.close()
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        let text = String(decoding: stderr.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: text) }
        return output
    }
}
