import Foundation
import Observability
import Testing

@Suite struct MetricTests {
    @Test func whatIsCountedIsWhatPrometheusReads() throws {
        let registry = MetricRegistry()
        let deposits = registry.counters("poste_deposits_total", "Deposits.", labels: "outcome")
        deposits["stored"].add(3)
        deposits["refused"].add()
        let streams = registry.gauge("poste_streams", "Streams.")
        streams.add(5)
        streams.add(-7)
        let times = registry.histograms("poste_store_seconds", "Times.", labels: "store", "operation")
        times["log", "append"].observe(.milliseconds(3))
        times["log", "append"].observe(.seconds(100))
        times["view", "apply"].observe(.microseconds(500))
        registry.computed("poste_age_seconds", "Age.") { 1.5 }
        registry.computed("poste_unknown", "Not known now.") { nil }

        let read = try ExpositionGrammar(registry.exposition)
        #expect(read.value("poste_deposits_total", ["outcome": "stored"]) == 3)
        #expect(read.value("poste_deposits_total", ["outcome": "refused"]) == 1)
        #expect(read.value("poste_streams") == -2)
        #expect(read.value("poste_age_seconds") == 1.5)
        #expect(read.types["poste_unknown"] == "gauge" && read.value("poste_unknown") == nil)
        func bucket(_ store: String, _ operation: String, _ bound: String) -> Double? {
            read.value("poste_store_seconds_bucket", ["store": store, "operation": operation, "le": bound])
        }
        #expect(bucket("log", "append", "0.0025") == 0)
        #expect(bucket("log", "append", "0.005") == 1)
        #expect(bucket("log", "append", "30") == 1)
        #expect(bucket("log", "append", "+Inf") == 2)
        // A bound belongs to its class.
        #expect(bucket("view", "apply", "0.0005") == 1)
        #expect(read.value("poste_store_seconds_sum", ["store": "log", "operation": "append"]) == 100.003)
        #expect(read.types["poste_store_seconds"] == "histogram" && read.types["poste_deposits_total"] == "counter")
    }

    @Test func whatTextsHoldDoesNotBreakTheFormat() throws {
        let registry = MetricRegistry()
        let odd = "back\\slash \"quote\"\nnewline é"
        registry.counters("poste_odd_total", "Odd \\ help\nof two lines.", labels: "word")[LabelValue(odd, of: [odd])]
            .add()
        #expect(registry.exposition.contains("# HELP poste_odd_total Odd \\\\ help\\nof two lines.\n"))
        #expect(try ExpositionGrammar(registry.exposition).value("poste_odd_total", ["word": odd]) == 1)
    }

    @Test func labelsAreBounded() throws {
        let registry = MetricRegistry()
        let family = registry.counters("poste_many_total", "Many.", labels: "number")
        for number in 0..<5000 { family[LabelValue(number)].add() }
        #expect(family.all.count <= MetricFamily<Counter>.limit + 1)
        #expect(family.total == 5000)
        #expect(try ExpositionGrammar(registry.exposition).value("poste_many_total", ["number": "other"]) ?? 0 > 3000)
        #expect(registry.counters("poste_many_total", "Many.", labels: "number")["other"].value > 3000)
        // What a caller makes up is no label.
        let calls = registry.counters("poste_calls_total", "Calls.", labels: "method")
        calls[LabelValue("sip:bob@example.com", of: ["Deposit"])].add()
        #expect(!registry.exposition.contains("bob"))
    }

    @Test func countsOfManyThreadsAreNotLost() async {
        let registry = MetricRegistry()
        let times = registry.histograms("poste_x_seconds", "X.", labels: "n")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for n in 0..<10_000 { times[LabelValue(n % 3)].observe(.microseconds(n)) } }
            }
        }
        #expect(times.total?.count == 80_000)
    }

    @Test func quantilesLieInTheirClass() throws {
        let registry = MetricRegistry()
        let times = registry.histogram("poste_y_seconds", "Y.")
        #expect(times.snapshot.quantile(0.5) == nil)
        for _ in 0..<90 { times.observe(.milliseconds(4)) }
        let before = times.snapshot
        for _ in 0..<10 { times.observe(.milliseconds(400)) }
        let median = try #require(times.snapshot.quantile(0.5))
        #expect(0.0025...0.005 ~= median)
        let tail = try #require(times.snapshot.quantile(0.99))
        #expect(0.25...0.5 ~= tail)
        let since = times.snapshot.since(before)
        #expect(since.count == 10 && abs(since.sum - 4) < 1e-6)
        #expect(try #require(since.quantile(0.5)) > 0.25)
        times.observe(.seconds(1000))
        #expect(times.snapshot.quantile(1) == 30)
    }

    @Test func warningsAndErrorsOfALogAreCounted() throws {
        let registry = MetricRegistry()
        let log = Log(component: "front", level: .error) { _ in }.counted(in: registry).component("kms")
        log.warning("not written, but counted")
        log.error("both")
        let read = try ExpositionGrammar(registry.exposition)
        #expect(read.value("poste_log_events_total", ["level": "warning"]) == 1)
        #expect(read.value("poste_log_events_total", ["level": "error"]) == 1)
    }

    @Test func aProcessTellsOfItself() throws {
        let registry = MetricRegistry()
        registry.addProcess(role: "front", version: "0.1")
        let read = try ExpositionGrammar(registry.exposition)
        #expect(read.value("poste_build_info", ["role": "front", "version": "0.1"]) == 1)
        #expect(try #require(read.value("process_resident_memory_bytes")) > 1e6)
        #expect(try #require(read.value("process_cpu_seconds_total")) > 0)
        #expect(try #require(read.value("process_open_fds")) > 0)
        #expect(try #require(read.value("process_max_fds")) > 0)
        #expect(abs(try #require(read.value("process_start_time_seconds")) - Date.now.timeIntervalSince1970) < 60)
    }

    @Test(.enabled(if: promtool != nil, "promtool is in Debian's package prometheus"))
    func prometheusItselfFindsNoFault() throws {
        let registry = MetricRegistry()
        registry.addProcess(role: "front", version: "0.1")
        registry.histograms("poste_store_seconds", "How long calls took.", labels: "store")["log"].observe(
            .milliseconds(3))
        registry.counters("poste_deposits_total", "Deposits \\ \"so\".", labels: "outcome")["stored"].add()
        let process = Process()
        process.executableURL = promtool
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        input.fileHandleForWriting.write(Data(registry.exposition.utf8))
        try input.fileHandleForWriting.close()
        let words = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && words.isEmpty, "\(words)")
    }
}

private let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
    FileManager.default.isExecutableFile(atPath: $0)
}
.map { URL(fileURLWithPath: $0) }
