import LoadGenerator
import Testing

/// What a person sees while it runs.
@Suite struct LoadScreenTests {
    private func snapshot(
        _ phase: LoadRun.Phase, after elapsed: Duration = .seconds(7), isStopped: Bool = false
    ) -> LoadRun.Snapshot {
        let start = ContinuousClock.now
        let recorder = Recorder(start: start)
        for index in 0..<1_000_000 where index % 50_000 == 0 {
            recorder.count(.offered, at: start + .microseconds(7 * index))
            recorder.count(.achieved(.seconds(86_000)), at: start + .microseconds(7 * index))
        }
        for stage in Stage.allCases { recorder.record(stage, .seconds(60_000)) }
        return LoadRun.Snapshot(
            phase: phase, elapsed: elapsed, length: .seconds(60), isStopped: isStopped, unfinished: 19_999,
            measurements: recorder.measurements, waiting: 1_234_567, online: 100_000)
    }

    private let phases: [LoadRun.Phase] = [.gathering, .filling, .planned, .finishing, .settling, .leaving, .over]

    /// A line that the terminal breaks would make the next picture begin a line too low.
    @Test(arguments: [1, 20, 40, 80, 200], [1, 5, 24])
    func noLineIsBroken(columns: Int, rows: Int) {
        for scenario in LoadPlan.Scenario.allCases {
            var plan = LoadPlan()
            plan.scenario = scenario
            for phase in phases {
                let lines = LoadScreen(plan, backlog: phase == .filling ? 5000 : nil, snapshot(phase))
                    .lines(columns: columns, rows: rows)
                #expect(lines.allSatisfy { $0.count < max(2, columns) } && lines.count <= max(1, rows - 1))
                #expect(!lines.contains { $0.contains("\u{1b}") || $0.contains("\n") })
            }
        }
    }

    @Test func eightyColumnsShowAllOfIt() {
        let lines = LoadScreen(LoadPlan(), backlog: nil, snapshot(.planned)).lines(columns: 80, rows: 24)
        #expect(lines.first?.hasPrefix("steady: 7 of 60 s [#####") == true)
        let text = lines.joined(separator: "\n")
        for word in ["offered", "receipts", "delivered", "waiting     ", "1234567", "failed", "tried again"] {
            #expect(text.contains(word), "\(word)")
        }
        for stage in Stage.allCases where stage != .deliveryInFocus { #expect(text.contains(stage.title)) }
        #expect(text.components(separatedBy: "60000000").count == 2 * 6 + 1)
    }

    @Test func aNarrowTerminalShowsTheTablesOneAboveTheOther() {
        let lines = LoadScreen(LoadPlan(), backlog: nil, snapshot(.planned)).lines(columns: 50, rows: 24)
        #expect(lines.contains { $0.hasPrefix("presence to drained") && $0.hasSuffix("60000000 60000000") })
    }

    @Test func itSaysWhatIsWaitedFor() {
        func line(_ phase: LoadRun.Phase, isStopped: Bool = false) -> String {
            LoadScreen(LoadPlan(), backlog: nil, snapshot(phase, after: .seconds(65), isStopped: isStopped)).line
        }
        #expect(line(.finishing).hasPrefix("19999 deposits unfinished, 5 s after the end"))
        #expect(line(.settling).hasPrefix("recipients take what waits, 5 s after the end"))
        #expect(line(.settling, isStopped: true).hasPrefix("stopped, recipients take"))
        #expect(line(.leaving).hasPrefix("recipients leave"))
    }

    @Test func aBacklogIsCounted() {
        #expect(LoadScreen(LoadPlan(), backlog: 40, snapshot(.filling)).line.hasPrefix("20 of 40 deposited"))
    }
}
