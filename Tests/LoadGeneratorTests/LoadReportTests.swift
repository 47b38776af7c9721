import Foundation
import LoadGenerator
import Testing

@Suite struct LoadReportTests {
    private func report(
        lost: UInt64 = 0, failures: [String] = [], _ scenario: LoadPlan.Scenario = .steady,
        stoppedAfter: Duration? = nil
    ) -> LoadReport {
        let start = ContinuousClock.now
        let recorder = Recorder(start: start)
        for index in 0..<400 {
            let at = start + .milliseconds(25 * index)
            recorder.count(.offered, at: at)
            recorder.count(.achieved(.milliseconds(index)), at: at)
            recorder.count(.delivered, at: at)
            recorder.record(.deposit, .milliseconds(index + 1))
            recorder.record(.ack, .milliseconds(3))
        }
        for failure in failures { recorder.count(.failed(failure), at: start) }
        var plan = LoadPlan()
        plan.duration = .seconds(10)
        plan.rate = 40
        plan.scenario = scenario
        var balance = DeliveryLedger.Balance()
        (balance.deposits, balance.delivered, balance.lost) = (400, 400 - lost, lost)
        let outcome = LoadRun.Outcome(
            measurements: recorder.measurements, balance: balance, faults: lost > 0 ? ["deposit <1> & \"2\""] : [],
            settling: .milliseconds(1500), stoppedAfter: stoppedAfter)
        return LoadReport(
            outcome, of: plan,
            setting: LoadReport.Setting(
                startedAt: "2026-12-01T10:00:00.000Z", cluster: "A cluster", level: 3072, cores: 2, version: "0.1"),
            processes: [LoadReport.Process(name: "front-1", peakResidentBytes: 12_345_678)])
    }

    private func object(_ report: LoadReport) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(report)) as? [String: Any]
        return try #require(object)
    }

    @Test func theObjectHasWhatProgramsLookFor() throws {
        let object = try object(report())
        #expect(object["ok"] as? Bool == true)
        #expect(object["offered_per_s"] as? Double == 40)
        #expect(object["achieved_per_s"] as? Double == 40)
        for (key, value) in ["deposits": 400, "delivered": 400, "lost": 0, "corrupt": 0, "repeated": 0] {
            #expect(object[key] as? Int == value, "\(key)")
        }
        let stages = try #require(object["latency_ms"] as? [String: [String: Any]])
        #expect(
            Set(stages.keys) == [
                "handshake", "deposit", "presence_to_first_push", "presence_to_drained", "delivery",
                "delivery_in_focus",
                "ack",
            ])
        for (name, stage) in stages {
            for key in ["p50", "p99", "p99.9"] { #expect(stage[key] != nil, "\(name) \(key)") }
        }
        let deposit = try #require(stages["deposit"])
        for (key, value) in [("p50", 200.0), ("p99", 396), ("p99.9", 400)] {
            let figure = try #require(deposit[key] as? Double)
            #expect(figure >= value && figure <= value * 1.01)
        }
        #expect(stages["handshake"]?["p50"] is NSNull)
        #expect((object["seconds"] as? [Any])?.count == 10)
    }

    @Test func theLastLineOfARunLeavesTheSecondsOut() throws {
        var report = report()
        report.tellsSeconds = false
        #expect(try object(report)["seconds"] == nil)
    }

    @Test func aLossIsNotSound() throws {
        let report = report(lost: 1)
        #expect(!report.isSound && report.verdict.contains("1 lost"))
        #expect(try object(report)["ok"] as? Bool == false)
    }

    @Test func failuresThatDifferInNumbersAreOneKind() throws {
        let object = try object(report(failures: ["no answer from 127.0.0.1:7401", "no answer from 10.0.0.12:80"]))
        #expect(object["failed"] as? Int == 2)
        #expect((object["failures"] as? [String: Int])?.values.sorted() == [2])
    }

    @Test func thePageStandsAlone() throws {
        let page = report(lost: 1, failures: ["<script>alert(1)</script>"]).html
        #expect(page.hasPrefix("<!doctype html>") && page.contains("</html>"))
        #expect(page.components(separatedBy: "<svg").count == 6)
        #expect(page.contains("prefers-color-scheme:dark"))
        // Nothing from elsewhere, nothing that runs, no text that becomes markup.
        for word in ["http", "src=", "@import", "url(", "<script", "deposit <1>"] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(page.contains("deposit &lt;1&gt; &amp; &quot;2&quot;"))
        // All that is drawn is a number.
        #expect(!page.contains("nan") && !page.contains("inf\"") && !page.contains("inf,"))
    }

    @Test func aPageWithoutErrorsSaysSo() {
        let page = report().html
        #expect(page.contains("Nothing failed, and nothing had to be tried again."))
        #expect(page.components(separatedBy: "<svg").count == 5 && !page.contains("What failed"))
    }

    @Test func whatHappensToAllIsMarkedOnThePage() {
        let page = report(LoadPlan.Scenario.massOffline).html
        #expect(page.contains(">all go</text>") && page.contains(">all come back</text>"))
        #expect(!report().html.contains("class=\"mark\""))
    }

    @Test func aRunThatWasStoppedIsReportedOnAsFarAsItCame() throws {
        // 5 s of 10: the same deposits are twice the rate.
        let object = try object(report(stoppedAfter: .seconds(5)))
        #expect(object["stopped_after_s"] as? Double == 5 && object["duration_s"] as? Double == 10)
        #expect(object["offered_per_s"] as? Double == 80)
        #expect(report(stoppedAfter: .seconds(5)).summary.contains("stopped after 5.0 s of 10 s"))
        #expect(try self.object(report())["stopped_after_s"] == nil)
    }

    @Test func theSummaryNamesWhatFailedAndFitsATerminal() {
        let summary = report(failures: ["deposit: the mailbox is busy"], .slowRecipients).summary
        #expect(summary.contains("1 times: deposit: the mailbox is busy"))
        #expect(summary.contains("to slow recipients"))
        #expect(summary.split(separator: "\n").allSatisfy { $0.count < 80 })
    }

    @Test func thePageOfARunWithoutAnythingIsAPage() {
        let outcome = LoadRun.Outcome(
            measurements: Recorder.Measurements(), balance: DeliveryLedger.Balance(), faults: [], settling: .zero)
        let setting = LoadReport.Setting(startedAt: "", cluster: "", level: nil, cores: 1, version: "")
        let report = LoadReport(outcome, of: LoadPlan(), setting: setting)
        #expect(!report.isSound && report.html.contains("</html>") && !report.html.contains("nan"))
    }
}
