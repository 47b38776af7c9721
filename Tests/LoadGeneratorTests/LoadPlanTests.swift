import LoadGenerator
import Testing

@Suite struct LoadPlanTests {
    private func deposits(_ plan: LoadPlan) -> [(at: Duration, deposit: LoadPlan.PlannedDeposit)] {
        plan.operations.compactMap { operation in
            if case .deposit(let deposit) = operation.action { (operation.at, deposit) } else { nil }
        }
    }

    private func plan(_ scenario: LoadPlan.Scenario, rate: Double = 50, seconds: Int = 60) -> LoadPlan {
        var plan = LoadPlan()
        plan.scenario = scenario
        plan.rate = rate
        plan.duration = .seconds(seconds)
        plan.users = 40
        return plan
    }

    @Test(arguments: LoadPlan.Scenario.allCases)
    func oneSeedGivesOnePlan(scenario: LoadPlan.Scenario) {
        let first = plan(scenario)
        var other = first
        other.seed = 2
        #expect(first.operations == plan(scenario).operations)
        #expect(first.operations != other.operations)
    }

    @Test(arguments: LoadPlan.Scenario.allCases, LoadPlan.Spacing.allCases)
    func theRateIsKept(scenario: LoadPlan.Scenario, spacing: LoadPlan.Spacing) {
        var plan = plan(scenario)
        plan.spacing = spacing
        let all = deposits(plan)
        // 3000 are due; the count of a Poisson process has a deviation of 55.
        #expect(spacing == .even ? abs(all.count - 3000) <= 1 : abs(all.count - 3000) < 250)
        #expect(all.allSatisfy { $0.at >= .zero && $0.at < plan.duration })
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.at <= $1.at })
        #expect(all.map(\.deposit.number).sorted() == (0..<UInt64(all.count)).map { $0 })
    }

    @Test func nobodyWritesToHimself() {
        for scenario in LoadPlan.Scenario.allCases {
            for (_, deposit) in deposits(plan(scenario)) {
                #expect(deposit.sender != deposit.recipient)
                #expect((0..<40).contains(deposit.sender) && (0..<40).contains(deposit.recipient))
            }
        }
    }

    @Test func aRampGrowsFromNothingToTheRate() {
        var plan = plan(.steady, rate: 100, seconds: 40)
        plan.ramp = .seconds(20)
        plan.spacing = .even
        let times = deposits(plan).map(\.at)
        func count(_ range: Range<Int>) -> Int {
            times.count { $0 >= .seconds(range.lowerBound) && $0 < .seconds(range.upperBound) }
        }
        // The integral of 100 t / 20: 2.5 t^2.
        #expect(abs(count(0..<10) - 250) <= 1)
        #expect(abs(count(10..<20) - 750) <= 1)
        #expect(abs(count(20..<40) - 2000) <= 1)
    }

    @Test func aMixHasEachSizeAsOftenAsItSays() {
        var plan = plan(.steady, rate: 200)
        plan.mix = ContentMix("text:70,picture:20,4096:10") ?? .standard
        let sizes = deposits(plan).map(\.deposit.content.octets)
        let shares = [200: 0.7, 200_000: 0.2, 4096: 0.1].map { size, share in
            Double(sizes.count { $0 == size }) / Double(sizes.count) - share
        }
        #expect(shares.allSatisfy { abs($0) < 0.03 })
    }

    @Test(arguments: [
        "", "text:", "text:-1", "text:0", "film:3", "63", "text:1:2", "100000001", "text:nan", "text:1,,",
    ])
    func aMixThatMakesNoSenseIsRefused(text: String) { #expect(ContentMix(text) == nil) }

    @Test(arguments: ["text:90,picture:8,voicemail:2", "4096:1", "64:0.5,text:2"])
    func aMixIsWrittenAsItIsRead(text: String) { #expect(ContentMix(text)?.description == text) }

    @Test func depositsOfAConversationHaveOnePair() {
        var plan = plan(.steady)
        plan.depositsPerHandshake = 5
        let conversations = Dictionary(grouping: deposits(plan).map(\.deposit), by: \.conversation)
        for deposits in conversations.values {
            #expect(Set(deposits.map { [$0.sender, $0.recipient] }).count == 1)
            #expect(deposits.count <= 5)
        }
        #expect(conversations.values.count { $0.count == 5 } > conversations.count / 2)
    }

    @Test func aCrowdWritesToOneMailboxInTheMiddleThird() {
        let all = deposits(plan(.flashCrowd))
        func share(_ range: Range<Int>) -> Double {
            let part = all.filter { $0.at >= .seconds(range.lowerBound) && $0.at < .seconds(range.upperBound) }
            return Double(part.count { $0.deposit.recipient == 0 }) / Double(part.count)
        }
        #expect(share(20..<40) > 0.85)
        #expect(share(0..<20) < 0.1 && share(40..<60) < 0.1)
    }

    @Test func theSlowHaveHalfOfTheMailAndFallBehind() {
        let plan = plan(.slowRecipients)
        let all = deposits(plan)
        let share = Double(all.count { plan.isSlow($0.deposit.recipient) }) / Double(all.count)
        #expect(abs(share - 0.5) < 0.05)
        // Eight of 40 have 25 a second: one each 0.32 s, of which each takes twice as long.
        #expect(plan.slowness == .seconds(0.64))
        #expect((0..<40).count { plan.isInFocus($0) } == 8)
    }

    @Test func someScenariosAreAboutSomebody() {
        #expect((0..<40).filter { plan(.flashCrowd).isInFocus($0) } == [0])
        for scenario in [LoadPlan.Scenario.steady, .loginStorm, .massOffline] {
            #expect(plan(scenario).focus == nil && !(0..<40).contains { plan(scenario).isInFocus($0) })
        }
    }

    /// Plays comings and goings, and says how many are there at each of these times.
    private func online(_ plan: LoadPlan, at times: [Duration]) -> [Int] {
        times.map { time in
            var there = Set(plan.firstOnline)
            for operation in plan.operations where operation.at <= time {
                switch operation.action {
                case .arrive(let user):
                    #expect(there.insert(user).inserted, "\(user) comes twice")
                case .leave(let user):
                    #expect(there.remove(user) != nil, "\(user) goes who is not there")
                case .deposit: break
                }
            }
            return there.count
        }
    }

    @Test func comingsAndGoingsAreThoseOfTheScenario() {
        #expect(online(plan(.loginStorm), at: [.zero, .seconds(29), .seconds(31)]) == [0, 0, 40])
        #expect(
            online(plan(.massOffline), at: [.zero, .seconds(19), .seconds(21), .seconds(39), .seconds(41)]) == [
                40, 40, 0, 0, 40,
            ])
        #expect(online(plan(.slowRecipients), at: [.zero, .seconds(60)]) == [40, 40])
        #expect(plan(.slowRecipients).isSlow(5) && !plan(.slowRecipients).isSlow(6) && !plan(.steady).isSlow(5))
        let steady = online(plan(.steady), at: [.zero, .seconds(30), .seconds(60)])
        #expect(steady[0] == 20 && steady.allSatisfy { (5...35).contains($0) })
    }
}
