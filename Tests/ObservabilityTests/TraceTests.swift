import Foundation
import Observability
import Synchronization
import Testing

@Suite struct TraceTests {
    @Test func contextsAreReadAsTheStandardHasThem() throws {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let context = try #require(TraceContext(traceparent: text))
        #expect(context.traceparent == text)
        // A later version may go on behind the flags.
        #expect(TraceContext(traceparent: "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what") == context)
        #expect(TraceContext(traceparent: text.replacing("-01", with: "-00")) == context)
        for wrong in [
            "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", text + "-", text + "-x",
            "ff" + text.dropFirst(2),
            text.uppercased(), "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        ] {
            #expect(TraceContext(traceparent: wrong) == nil, "\(wrong)")
        }
    }

    @Test func spansAreLinesOfOTLP() throws {
        let lines = Mutex<[String]>([])
        let resource = TraceResource(service: "poste-front", instance: "here/1", version: "0.1")
        let ended = Mutex<[EndedSpan]>([])
        let tracer = Tracer(sinks: [
            SpanLines.sink(of: resource) { line in lines.withLock { $0.append(line) } },
            { span in ended.withLock { $0.append(span) } },
        ])
        let trace = [UInt8](1...16)
        var span = tracer.begin("Mailbox/Deposit", .server, in: trace, id: [UInt8](1...8), parent: [UInt8](11...18))
        span?.attributes = [("poste.deposit.id", "x \"y\""), ("octets", LogValue(1 << 40)), ("first", true)]
        span?.link = TraceContext(traceID: [UInt8](21...36), spanID: [UInt8](41...48))
        tracer.end(span, failure: "not stored")
        tracer.end(tracer.begin("child", .internal, within: span?.context))

        let read = try lines.withLock { $0 }.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        try #require(read.count == 2)
        #expect(ended.withLock { $0.map(\.span.name) } == ["Mailbox/Deposit", "child"], "each sink has them all")
        let resources = try #require(read[0]["resourceSpans"] as? [[String: Any]])
        let names = (resources[0]["resource"] as? [String: Any])?["attributes"] as? [[String: Any]]
        #expect(names?.map { $0["key"] as? String } == ["service.name", "service.instance.id", "service.version"])
        let first = try #require(Self.spans(read[0]).first)
        #expect(first["traceId"] as? String == "0102030405060708090a0b0c0d0e0f10")
        #expect(
            first["spanId"] as? String == "0102030405060708" && first["parentSpanId"] as? String == "0b0c0d0e0f101112")
        #expect(first["kind"] as? Int == 2 && first["name"] as? String == "Mailbox/Deposit")
        let (start, end) = (first["startTimeUnixNano"] as? String, first["endTimeUnixNano"] as? String)
        #expect(try UInt64(#require(start)) ?? 0 <= UInt64(try #require(end)) ?? 0)
        #expect((first["status"] as? [String: Any])?["code"] as? Int == 2)
        let attributes = try #require(first["attributes"] as? [[String: Any]]).map { $0["value"] as? [String: Any] }
        #expect(attributes[0]?["stringValue"] as? String == "x \"y\"")
        #expect(
            attributes[1]?["intValue"] as? String == "1099511627776" && attributes[2]?["boolValue"] as? Bool == true)
        #expect((first["links"] as? [[String: Any]])?.first?["spanId"] as? String == "292a2b2c2d2e2f30")
        let child = try #require(Self.spans(read[1]).first)
        #expect(child["traceId"] as? String == first["traceId"] as? String)
        #expect(
            child["parentSpanId"] as? String == "0102030405060708" && child["status"] == nil && child["links"] == nil)
    }

    @Test func theSameShareOfTracesIsWrittenByAll() {
        #expect(Tracer.off.begin("x", .internal, in: [UInt8](1...16)) == nil)
        let (one, other) = (
            Tracer(ratio: 0.25, sinks: [{ _ in }]), Tracer(ratio: 0.25, sinks: [{ _ in }])
        )
        var written = 0
        for _ in 0..<4000 {
            let trace = (0..<16).map { _ in UInt8.random(in: 0...255) }
            let isWritten = one.begin("x", .internal, in: trace) != nil
            #expect(isWritten == (other.begin("y", .client, in: trace) != nil))
            if isWritten { written += 1 }
        }
        #expect(800...1200 ~= written)
    }

    @Test func aFileTakesLinesOfManyTasksWhole() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("spans-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let write = try SpanLines.file(path)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask { for line in 0..<500 { write("\(task) \(line) " + String(repeating: "x", count: 300)) } }
            }
        }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2000 && Set(lines).count == 2000 && lines.allSatisfy { $0.hasSuffix("xxx") })
        #expect(throws: (any Error).self) { try SpanLines.file("/no/such/folder/spans") }
    }

    private static func spans(_ line: [String: Any]) -> [[String: Any]] {
        let resources = line["resourceSpans"] as? [[String: Any]] ?? []
        let scopes = resources.flatMap { $0["scopeSpans"] as? [[String: Any]] ?? [] }
        return scopes.flatMap { $0["spans"] as? [[String: Any]] ?? [] }
    }
}
