import ChaosRun
import Foundation
import Testing

/// What is hidden is found, and what is none is not.
@Suite struct HuntTests {
    @Test func aContentSaysWhatItIs() throws {
        let maker = try ContentMaker(seed: 1)
        let writing = Writing(author: "anna", addressee: "ben", number: 17)
        for octets in [0, 100, 4095, 4096, 5000, 100_000] {
            let content = maker.content(of: writing, octets: octets)
            #expect(content.count >= octets && content.count < octets + 100)
            #expect(maker.writing(in: content) == writing)
        }
        #expect(maker.content(of: writing, octets: 9000) == maker.content(of: writing, octets: 9000))
        #expect(try ContentMaker(seed: 1).writing(in: maker.content(of: writing, octets: 10)) == nil)
        #expect(maker.writing(in: []) == nil && maker.writing(in: maker.mark) == nil)
    }

    @Test func plaintextIsFoundInWhateverDress() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("chaos-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("inside"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let maker = try ContentMaker(seed: 1)
        let content = maker.content(of: Writing(author: "anna", addressee: "ben", number: 0), octets: 50_000)
        let hunt = PlaintextHunt(maker.needles)
        func find(_ data: Data, leavingOut: Set<String> = []) throws -> Int {
            try data.write(to: folder.appendingPathComponent("inside/file"))
            return hunt.files(below: folder.path, leavingOut: leavingOut).files.count
        }
        let hexadecimal = content.prefix(64).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(try find(Data(content)) == 1)
        // Across the border of two pieces, which are 4 MiB.
        #expect(try find(Data(count: (4 << 20) - 16) + Data(maker.mark)) == 1)
        #expect(try find(Data("log line: \(hexadecimal)".utf8)) == 1)
        for shift in 0..<3 {
            #expect(try find(Data((Data(count: shift) + Data(content)).base64EncodedString().utf8)) == 1, "shift \(shift)")
        }
        #expect(try find(Data(content.dropFirst(40).prefix(4000))) == 0)
        #expect(try find(Data(content), leavingOut: [folder.path + "/inside"]) == 0)
    }
}
