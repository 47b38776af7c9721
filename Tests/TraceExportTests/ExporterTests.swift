import Foundation
import MailboxAPI
import Observability
import Primitives
import RPC
import Testing
import TraceExport

/// What reaches the collector.
@Suite(.timeLimit(.minutes(2))) struct ExporterTests {
    @Test func spansComeWhole() async throws {
        let collector = try Collector()
        let scene = try Scene(port: collector.port)
        let tracer = scene.tracer
        try await scene.exporter.during {
            var span = tracer.begin(
                "deposit", .server, in: [UInt8](1...16), id: [UInt8](21...28), parent: [UInt8](31...38))
            span?.attributes = [("poste.deposit.id", "0102"), ("poste.partition", 0), ("first", false)]
            span?.link = TraceContext(traceID: [UInt8](41...56), spanID: [UInt8](61...68))
            tracer.end(span, failure: "not stored")
            tracer.end(tracer.begin("append", .producer, within: span?.context))
        }
        let resource = try #require(collector.requests.first?.resourceSpans.first)
        #expect(
            resource.resource?.attributes == [
                OTLP.KeyValue("service.name", "poste-front"), OTLP.KeyValue("service.instance.id", "here/1"),
                OTLP.KeyValue("service.version", "0.1"),
            ])
        #expect(resource.scopeSpans.first?.scope == OTLP.Scope(name: "poste"))
        let spans = collector.spans
        try #require(spans.count == 2)
        #expect(spans[0].traceID == [UInt8](1...16) && spans[0].spanID == [UInt8](21...28))
        #expect(spans[0].parentSpanID == [UInt8](31...38) && spans[0].name == "deposit" && spans[0].kind == 2)
        #expect(spans[0].start > 1_700_000_000_000_000_000 && spans[0].end >= spans[0].start)
        #expect(
            spans[0].attributes == [
                OTLP.KeyValue("poste.deposit.id", "0102"), OTLP.KeyValue("poste.partition", 0),
                OTLP.KeyValue("first", false),
            ])
        #expect(spans[0].links == [OTLP.Link(traceID: [UInt8](41...56), spanID: [UInt8](61...68))])
        #expect(spans[0].status == OTLP.Status(failure: "not stored"))
        #expect(spans[1].parentSpanID == spans[0].spanID && spans[1].traceID == spans[0].traceID)
        #expect(spans[1].links == [] && spans[1].status == nil && spans[1].kind == 4)
        #expect(scene.count("sent") == 2 && scene.waiting == 0 && scene.log == [])
        await collector.stop()
    }

    @Test func spansDoNotWaitForTheEnd() async throws {
        let collector = try Collector()
        let scene = try Scene(port: collector.port)
        try await scene.exporter.during {
            scene.spans(3)
            try await eventually("they come") { collector.spans.count == 3 }
            scene.spans(2)
            try await eventually("these too") { collector.spans.count == 5 }
        }
        await collector.stop()
    }

    @Test func whatIsLeftAtTheEndIsSentInBatches() async throws {
        let collector = try Collector()
        let scene = try Scene(port: collector.port) { limits in
            limits.interval = .seconds(3600)
            limits.batch = 10
        }
        try await scene.exporter.during { scene.spans(25) }
        #expect(
            collector.requests.map { $0.resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans).count } == [10, 10, 5])
        #expect(collector.spans.map(\.name) == (0..<25).map { "span \($0)" })
        #expect(scene.count("sent") == 25 && scene.waiting == 0)
        await collector.stop()
    }

    @Test func whoFailsHasHisSpansSentAllTheSame() async throws {
        struct Fault: Error {}
        let collector = try Collector()
        let scene = try Scene(port: collector.port) { $0.interval = .seconds(3600) }
        await #expect(throws: Fault.self) {
            try await scene.exporter.during {
                scene.spans(1)
                throw Fault()
            }
        }
        #expect(collector.spans.count == 1)
        await collector.stop()
    }

    @Test func aCollectorBehindTLSIsKnownByItsRoots() async throws {
        let now = UTCTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))
        let authority = try CertificateAuthority(commonName: "collectors", now: now)
        let credentials = try authority.issue(commonName: "collector", hosts: ["127.0.0.1"], uris: [], now: now)
        let collector = try Collector(security: .tls(try RPCCertificate(credentials), clients: .none))
        let known = try Scene(port: collector.port, security: .tls(rootsPEM: authority.certificatePEM))
        try await known.exporter.during { known.spans(1) }
        #expect(collector.spans.count == 1 && known.log == [])

        let other = try CertificateAuthority(commonName: "others", now: now)
        let strange = try Scene(port: collector.port, security: .tls(rootsPEM: other.certificatePEM))
        try await strange.exporter.during { strange.spans(1) }
        #expect(collector.spans.count == 1 && strange.log.first?.contains("not trusted") ?? false, "\(strange.log)")
        await collector.stop()
    }

    @Test func whatMayPassIsTriedAgainAndWhatDoesNotIsNot() async throws {
        let collector = try Collector { number in
            switch number {
            case 0: throw RPCStatus(.unavailable, "restarting")
            case 1: throw RPCStatus(.deadlineExceeded, "slow")
            case 3: throw RPCStatus(.invalidArgument, "no such span")
            case 4: throw RPCStatus(.resourceExhausted, "too many")
            default: return OTLP.ExportResponse()
            }
        }
        let scene = try Scene(port: collector.port)
        try await scene.exporter.during {
            scene.spans(4)
            try await eventually("the third try is good") { scene.count("sent") == 4 }
            scene.spans(3)
            try await eventually("refused") { scene.count("refused") == 3 }
            scene.spans(2)
            try await eventually("and these") { scene.count("refused") == 5 }
            scene.spans(1)
            try await eventually("good again") { scene.count("sent") == 5 }
        }
        #expect(collector.requests.count == 6)
        #expect(Set(collector.requests[0...2].map(\.encoded)).count == 1, "the same batch three times")
        await collector.stop()
    }

    @Test func whatACollectorTakesInPartIsCountedSo() async throws {
        let collector = try Collector { _ in
            var response = OTLP.ExportResponse()
            response.partialSuccess = OTLP.PartialSuccess()
            response.partialSuccess?.rejectedSpans = 2
            response.partialSuccess?.errorMessage = "names are too long"
            return response
        }
        let scene = try Scene(port: collector.port) { $0.interval = .seconds(3600) }
        try await scene.exporter.during { scene.spans(5) }
        #expect(scene.count("sent") == 3 && scene.count("refused") == 2)
        #expect(scene.log.count == 1 && scene.log[0].contains("names are too long"), "\(scene.log)")
        await collector.stop()
    }
}
