import Foundation
import MailboxAPI
import ProtobufSamples
import Testing

/// The agreement of our messages with the .proto files, as `protoc` understands them.
@Suite(.enabled(if: Tool.hasProtoc, "SKIPPED: protoc is missing; get it with `apt install protobuf-compiler`"))
struct ProtocTests {
    private static let files = ProtoFiles(
        in: "Sources/Adapters/MailboxAPI",
        ["poste.proto", "grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto"])

    @Test(arguments: Sample.all) func protocReadsAndWritesTheSame(_ sample: Sample) throws {
        let encoded = try Self.files.encode(sample)
        #expect(encoded == sample.octets, "our octets are those that protoc writes")
        #expect(try sample.isEqual(encoded), "what protoc writes is what we read")
    }

    @Test func everyMessageOfTheFilesIsHere() throws {
        // What only ever travels inside another is covered by that one's sample.
        #expect(try Self.files.outerMessages().subtracting(Sample.all.map(\.name)) == [])
    }

    @Test func theDescriptorsAreCurrent() throws {
        let fresh = FileManager.default.temporaryDirectory.appendingPathComponent("descriptors-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: fresh) }
        let folder = Self.files.folder
        _ = try Tool.run("bash", [folder.appendingPathComponent("regenerate.sh").path, fresh.path])
        let committed = folder.appendingPathComponent("Reflection/Descriptors.swift")
        #expect(
            try Data(contentsOf: fresh) == Data(contentsOf: committed),
            "run Sources/Adapters/MailboxAPI/regenerate.sh and commit what it writes")
    }
}
