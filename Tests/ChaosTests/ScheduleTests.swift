import ChaosRun
import Testing

/// A schedule is the same for the same seed, and keeps its own rules.
@Suite struct ScheduleTests {
    @Test func theSameSeedMakesTheSameSchedule() {
        #expect(Schedule(seed: 7, lengthMs: 180_000) == Schedule(seed: 7, lengthMs: 180_000))
        #expect(Schedule(seed: 7, lengthMs: 180_000).faults != Schedule(seed: 8, lengthMs: 180_000).faults)
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func rulesHold(seed: UInt64) {
        for minutes in [1, 3, 30] {
            let schedule = Schedule(seed: seed, lengthMs: minutes * 60_000)
            #expect(schedule.faults.map(\.number) == Array(1...schedule.faults.count))
            for (fault, next) in zip(schedule.faults, schedule.faults.dropFirst()) where fault.isSingle {
                #expect(fault.beginsMs + fault.lastsMs + FaultKind.recoveryMs <= next.beginsMs, "no time to recover")
            }
            for lane in Fault.Lane.allCases {
                let faults = schedule.faults.filter { $0.fault.lane == lane }
                for (fault, next) in zip(faults, faults.dropFirst()) {
                    #expect(fault.beginsMs + fault.lastsMs < next.beginsMs, "two faults in one lane")
                }
            }
            #expect(schedule.faults.allSatisfy { $0.beginsMs >= Schedule.calmMs })
            #expect(schedule.faults.allSatisfy { $0.beginsMs + $0.lastsMs <= schedule.lengthMs })
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>) func threeMinutesHaveEveryKindOfFault(seed: UInt64) {
        let schedule = Schedule(seed: seed, lengthMs: 180_000)
        func has(_ isWanted: (Fault) -> Bool) -> Bool { schedule.faults.contains { isWanted($0.fault) } }
        #expect(has { if case .kill(.front) = $0 { true } else { false } })
        #expect(has { if case .kill(.worker) = $0 { true } else { false } })
        #expect(has { if case .kill(.broker) = $0 { true } else { false } })
        #expect(has { if case .freeze(.front) = $0 { true } else { false } })
        #expect(has { if case .freeze(.worker) = $0 { true } else { false } })
        #expect(has { if case .freeze(.broker) = $0 { true } else { false } })
        #expect(has { if case .clockSkew(.front, _) = $0 { true } else { false } })
        #expect(has { if case .clockSkew(.worker, _) = $0 { true } else { false } })
        #expect(has { if case .diskFull = $0 { true } else { false } })
        #expect(has { if case .redisFailover = $0 { true } else { false } })
        #expect(has { $0 == .redisWipe } && has { $0 == .rollingRestart })
        #expect(schedule.faults.contains { !$0.isSingle })
    }

    @Test func clocksAreWrongByMinutesAndLessThanIsRefused() {
        for seed in 0..<100 as Range<UInt64> {
            for case .clockSkew(_, let seconds) in Schedule(seed: seed, lengthMs: 600_000).faults.map(\.fault) {
                #expect((60...300).contains(abs(seconds)))
            }
        }
    }
}
