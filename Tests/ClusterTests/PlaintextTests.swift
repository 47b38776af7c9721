import Foundation
import Primitives
import Testing

/// Neither the disks nor the memory of the cluster ever hold a content.
@Suite struct PlaintextTests {
    @Test func neitherMemoryNorFilesOfTheClusterHoldAContent() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        for user in ["alice", "bob"] { #expect(try await poste.run("enroll", "sip:\(user)@example.com").status == 0) }
        let content = try SystemRandom().octets(300_000)
        let probes = stride(from: 0, to: content.count - 48, by: 20_000).map { Data(content[$0..<$0 + 48]) }
        let arguments = ["send", "--from", "sip:alice@example.com", "--to", "sip:bob@example.com", "-"]
        #expect(try await poste.run(arguments, input: content).status == 0)
        try await search(poste, dev, probes)
        let received = try await poste.run(
            "receive", "--as", "sip:bob@example.com", "--into", poste.home.appendingPathComponent("bob").path)
        #expect(received.status == 0, "\(received.errors)")
        try await search(poste, dev, probes)
        #expect(await dev.stop() == 0)
    }

    private func search(_ poste: Poste, _ dev: RunningPoste, _ probes: [Data]) async throws {
        let memory = try Memory(of: dev.identifier)
        // The search itself works: names are there in plain.
        #expect(try memory.contains(Data("sip:bob@example.com".utf8)))
        for probe in probes { #expect(try !memory.contains(probe)) }
        let cluster = poste.home.appendingPathComponent("dev")
        let files = try FileManager.default.subpathsOfDirectory(atPath: cluster.path)
        #expect(files.contains("store.sqlite"))
        for file in files {
            guard let data = FileManager.default.contents(atPath: cluster.appendingPathComponent(file).path) else { continue }
            for probe in probes { #expect(data.range(of: probe) == nil, "\(file) holds plaintext") }
        }
    }
}

/// The writable memory of a process, as whoever may trace it sees it.
private struct Memory {
    private let regions: [Data]

    init(of process: Int32) throws {
        let maps = try String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8)
        let memory = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(process)/mem"))
        regions = maps.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            let bounds = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard fields[1].hasPrefix("rw"), bounds.count == 2, bounds[1] - bounds[0] < 1 << 28 else { return nil }
            guard (try? memory.seek(toOffset: bounds[0])) != nil else { return nil }
            return try? memory.read(upToCount: Int(bounds[1] - bounds[0]))
        }
    }

    func contains(_ needle: Data) throws -> Bool { regions.contains { $0.range(of: needle) != nil } }
}
