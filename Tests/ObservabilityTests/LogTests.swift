import Foundation
import Observability
import Synchronization
import Testing

@Suite struct LogTests {
    @Test func jsonLinesAreJSONWhateverTheTextHolds() throws {
        let lines = Lines()
        let log = Log(component: "front", format: .json) { lines.append($0) }
        let text = "quote \" backslash \\ newline \n bell \u{7} line separator \u{2028} é"
        log.info("stored", ["id": LogValue(text), "octets": LogValue(1000), "first": true])
        let line = try #require(lines.all.first)
        #expect(!line.contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["id"] as? String == text)
        #expect(object["octets"] as? Int == 1000)
        #expect(object["event"] as? String == "stored" && object["component"] as? String == "front")
    }

    @Test func lighterEventsAreLeftOut() {
        let lines = Lines()
        let log = Log(component: "kms", level: .warning) { lines.append($0) }
        log.info("nothing")
        log.error("disk full", ["path": "a b"])
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.hasSuffix("kms      error: disk full path=\"a b\"") == true)
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
}
