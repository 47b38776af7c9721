import ChaosRun
import Testing

/// Silences are measured for who waits, and given to the fault in whose time they lie.
@Suite struct SilenceTests {
    private func writing(_ number: Int) -> Writing { Writing(author: "anna", addressee: "ben", number: number) }

    private func promised(_ number: Int, at now: Int) -> Entry {
        .receipted(writing(number), id: "\(number)", sha256: "", wantsReceipt: false, atMs: now)
    }

    private func seen(_ number: Int, at now: Int) -> Entry {
        .seen(by: "ben", id: "\(number)", sender: "anna", isProven: true, sha256: "", inside: writing(number), atMs: now)
    }

    @Test func aRecipientWaitsFromThePromiseUntilSomethingComes() {
        let silences = Silences([
            .fetching("ben", isOn: true, atMs: 0), promised(0, at: 1000), seen(0, at: 1500), promised(1, at: 5000),
            promised(2, at: 6000), seen(1, at: 9000), seen(2, at: 9300),
        ])
        #expect(
            silences.ofRecipients == [
                Silence(who: "ben", fromMs: 1000, toMs: 1500), Silence(who: "ben", fromMs: 5000, toMs: 9000),
                Silence(who: "ben", fromMs: 9000, toMs: 9300)
            ])
    }

    @Test func whoIsAwayWaitsForNothing() {
        let silences = Silences([
            .fetching("ben", isOn: false, atMs: 0), promised(0, at: 1000), .fetching("ben", isOn: true, atMs: 50_000),
            seen(0, at: 51_000),
        ])
        #expect(silences.ofRecipients == [Silence(who: "ben", fromMs: 50_000, toMs: 51_000)])
    }

    @Test func whatCameBeforeItsPromiseIsNotWaitedFor() {
        let silences = Silences([.fetching("ben", isOn: true, atMs: 0), seen(0, at: 900), promised(0, at: 1000), promised(1, at: 8000), seen(1, at: 8001)])
        #expect(silences.ofRecipients.isEmpty)
    }

    @Test func aSenderWaitsOnInHisNextDepositWhenOneFailed() {
        var clock = WaitClock()
        clock.begin(at: 100)
        clock.begin(at: 200)
        #expect(clock.sign(at: 300).map { [$0.from, $0.to] } == [100, 300])
        #expect(clock.end(at: 900).map { [$0.from, $0.to] } == [300, 900])
        #expect(clock.end(at: 1000) == nil)
        clock.begin(at: 2000)
        #expect(clock.end(at: 2500).map { [$0.from, $0.to] } == [2000, 2500])
    }

    @Test func aSilenceBelongsToTheFaultInWhoseTimeMostOfItLies() {
        func fault(_ number: Int, at now: Int) -> DoneFault {
            DoneFault(
                scheduled: ScheduledFault(number: number, beginsMs: now, lastsMs: 1000, fault: .redisWipe, isSingle: true),
                beganMs: now, healedMs: now + 1000)
        }
        let silences = Silences([.waited("anna", fromMs: 9_900, toMs: 13_000), .waited("anna", fromMs: 29_000, toMs: 29_800)])
        let table = FaultSilence.table(of: [fault(1, at: 1_000), fault(2, at: 10_000), fault(3, at: 20_000)], silences)
        #expect(table.map(\.senderMs) == [0, 3_100, 800])
        #expect(table.map(\.recipientMs) == [0, 0, 0])
    }
}
