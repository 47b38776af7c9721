import Foundation
import MailboxAPI
import Testing

/// The agreement of our messages with the .proto files, as `protoc` understands them.
@Suite(.enabled(if: Tool.hasProtoc, "SKIPPED: protoc is missing; get it with `apt install protobuf-compiler`"))
struct ProtocTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/Adapters/MailboxAPI").standardized
    private static let files = [
        "poste.proto", "grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto",
    ]

    @Test(arguments: Sample.all) func protocReadsAndWritesTheSame(_ sample: Sample) throws {
        let arguments = ["--proto_path=\(Self.folder.path)", "--encode=\(sample.name)"] + Self.files
        let encoded = try Tool.run("protoc", arguments, input: Data(sample.text.utf8))
        #expect([UInt8](encoded) == sample.octets, "our octets are those that protoc writes")
        #expect(try sample.isEqual([UInt8](encoded)), "what protoc writes is what we read")
    }

    @Test func everyMessageOfTheFilesIsHere() throws {
        let names = try Set(Self.files.flatMap { try Self.messages(in: $0) })
        // What only ever travels inside another is covered by that one's sample.
        let inner = try Set(
            names.filter { name in try Self.isEmbedded(name.split(separator: ".").last.map(String.init) ?? "") })
        #expect(names.subtracting(inner).subtracting(Sample.all.map(\.name)) == [])
    }

    @Test func theDescriptorsAreCurrent() throws {
        let fresh = FileManager.default.temporaryDirectory.appendingPathComponent("descriptors-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: fresh) }
        _ = try Tool.run("bash", [Self.folder.appendingPathComponent("regenerate.sh").path, fresh.path])
        let committed = Self.folder.appendingPathComponent("Reflection/Descriptors.swift")
        #expect(
            try Data(contentsOf: fresh) == Data(contentsOf: committed),
            "run Sources/Adapters/MailboxAPI/regenerate.sh and commit what it writes")
    }

    private static func lines(of file: String) throws -> [String] {
        try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8).components(separatedBy: "\n")
    }

    private static func messages(in file: String) throws -> [String] {
        let lines = try lines(of: file)
        let package = lines.first { $0.hasPrefix("package ") }?.dropFirst(8).dropLast() ?? ""
        return lines.filter { $0.hasPrefix("message ") }.map { "\(package).\($0.split(separator: " ")[1])" }
    }

    private static func isEmbedded(_ type: String) throws -> Bool {
        try files.flatMap(lines).contains {
            $0.range(of: "^ +(repeated )?\(type) [a-z_]+ = ", options: .regularExpression) != nil
        }
    }
}

/// Programs that tests run.
enum Tool {
    struct Failure: Error { let text: String }

    static let hasProtoc = (try? run("protoc", ["--version"])) != nil

    /// The program's standard output; throws with its standard error when it fails.
    static func run(_ name: String, _ arguments: [String], input: Data = Data()) throws -> Data {
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
