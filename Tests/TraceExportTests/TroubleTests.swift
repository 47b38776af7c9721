import MailboxAPI
import Observability
import Testing
import TraceExport

/// A collector that is down or slow stops nobody, takes no memory, and fills no log.
@Suite(.timeLimit(.minutes(2))) struct TroubleTests {
    @Test func aCollectorThatNeverAnswersHoldsNobodyUp() async throws {
        let collector = try Collector { _ in
            try await Task.sleep(for: .seconds(60))
            return OTLP.ExportResponse()
        }
        let scene = try Scene(port: collector.port) { limits in
            (limits.spans, limits.batch, limits.flush) = (100, 20, .milliseconds(300))
        }
        let begun = ContinuousClock.now
        try await scene.exporter.during {
            scene.spans(10)
            try await eventually("a call is under way") { !collector.requests.isEmpty }
            let start = ContinuousClock.now
            scene.spans(20_000)
            #expect(ContinuousClock.now - start < .seconds(2), "who ends spans waits for nothing")
            #expect(scene.waiting == 100 && scene.count("dropped") == 19_910, "what is under way takes its room, too")
        }
        #expect(ContinuousClock.now - begun < .seconds(10), "nor does the end wait longer than it may")
        #expect(scene.count("failed") == 100 && scene.count("sent") == 0)
        #expect(scene.log.count <= 2 && scene.log.last?.contains("traces lost at the end") ?? false, "\(scene.log)")
        await collector.stop()
    }

    @Test func aCollectorThatComesLateGetsWhatThereWasRoomFor() async throws {
        let before = try Collector()
        let port = before.port
        await before.stop()
        let scene = try Scene(port: port) { $0.spans = 50 }
        try await scene.exporter.during {
            scene.spans(60)
            try await eventually("it is said") { !scene.log.isEmpty }
            try await Task.sleep(for: .milliseconds(700))
            #expect(scene.log.count == 1 && scene.log[0].contains("connection refused"), "once: \(scene.log)")
            #expect(scene.waiting == 50 && scene.count("dropped") == 10 && scene.count("failed") == 0)
            let collector = try Collector(port: port)
            try await eventually("all come") { scene.count("sent") == 50 }
            scene.spans(1)
            try await eventually("it is over") { scene.log.count == 2 }
            #expect(Set(collector.spans.map(\.spanID)).count == 51)
            await collector.stop()
        }
        #expect(scene.log[1].contains("traces reach the collector again") && scene.log[1].contains("spans_missing=10"))
    }

    @Test func whatIsTriedTooLongMakesRoomForTheNext() async throws {
        let before = try Collector()
        let port = before.port
        await before.stop()
        let scene = try Scene(port: port) { limits in
            (limits.spans, limits.batch, limits.patience, limits.flush) = (
                20, 10, .milliseconds(50), .milliseconds(100)
            )
        }
        try await scene.exporter.during {
            scene.spans(20)
            try await eventually("they are given up") { scene.count("failed") == 20 }
            scene.spans(20)
            #expect(scene.count("dropped") == 0)
            try await eventually("these too") { scene.count("failed") == 40 }
        }
        #expect(scene.log.count == 1, "one warning for all of it: \(scene.log)")
    }

    @Test func theLogHearsOfTroubleAtMostOnceAMinute() {
        var trouble = ExportTrouble()
        let start = ContinuousClock.now
        let well = trouble.succeeded(at: start)
        let (first, second) = (trouble.failed(at: start), trouble.failed(at: start + .seconds(3)))
        let time = trouble.succeeded(at: start + .seconds(5))
        #expect(well == nil && first && !second && time == .seconds(5))
        // A collector that comes and goes each second, for ten minutes.
        var (begun, over) = (0, 0)
        for second in 6..<606 {
            let now = start + .seconds(second)
            if trouble.failed(at: now) { begun += 1 }
            if trouble.succeeded(at: now + .milliseconds(500)) != nil { over += 1 }
        }
        #expect(begun == over && 8...10 ~= begun, "\(begun) and \(over)")
        // Trouble that begins in the silence and stays is told when the silence ends.
        var late = ExportTrouble()
        _ = late.failed(at: start)
        _ = late.succeeded(at: start + .seconds(1))
        let told = [2, 60, 61].map { late.failed(at: start + .seconds($0)) }
        let all = late.succeeded(at: start + .seconds(70))
        #expect(told == [false, false, true] && all == .seconds(68))
    }
}
