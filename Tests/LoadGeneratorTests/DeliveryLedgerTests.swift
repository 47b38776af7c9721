import LoadGenerator
import Testing

/// A run's books, with faults planted one by one: each must be found, and be the only one found.
@Suite struct DeliveryLedgerTests {
    private let run: UInt64 = 42

    private func content(_ number: UInt64, octets: Int = 200) -> LoadContent {
        LoadContent(run: run, number: number, octetCount: octets, sender: 3, recipient: 5)
    }

    private func hearing(
        _ content: LoadContent, octets: [UInt8]? = nil, sender: Int? = 3, isProven: Bool = true, recipient: Int = 5
    ) -> DeliveryLedger.Hearing {
        DeliveryLedger.Hearing(
            octets: octets ?? content.octets, sender: sender, isProven: isProven, recipient: recipient)
    }

    /// A ledger of ten deposits that have their receipts, the first nine of which were heard.
    private func ledger() -> DeliveryLedger {
        let ledger = DeliveryLedger(run: run)
        for number in 0..<10 as Range<UInt64> {
            ledger.begin(content(number), session: 1)
            ledger.stored(number)
            if number < 9 { ledger.heard(hearing(content(number))) }
        }
        return ledger
    }

    @Test func aRunInWhichAllArrivesIsSound() {
        let ledger = ledger()
        #expect(ledger.waitingCount == 1 && ledger.waitingUsers == [5] && ledger.waiting(for: 5) == 1)
        ledger.heard(hearing(content(9)))
        #expect(ledger.waitingCount == 0 && ledger.waitingUsers.isEmpty)
        #expect(ledger.balance.isSound && ledger.faults.isEmpty)
        #expect(ledger.balance.deposits == 10 && ledger.balance.delivered == 10)
    }

    @Test func whatIsHeardIsTimedOnceFromItsPlannedStart() {
        let (ledger, planned) = (DeliveryLedger(run: run), ContinuousClock.now - .seconds(3))
        ledger.begin(content(0), session: 1, planned: planned)
        #expect(ledger.heard(hearing(content(0), recipient: 6)) == nil)
        #expect(ledger.heard(hearing(content(0))) == planned)
        #expect(ledger.heard(hearing(content(0))) == nil && ledger.heard(hearing(content(1))) == nil)
    }

    /// What a planted fault must be counted as.
    private func expect(_ ledger: DeliveryLedger, _ change: (inout DeliveryLedger.Balance) -> Void) {
        var expected = DeliveryLedger.Balance()
        (expected.deposits, expected.delivered) = (10, 9)
        change(&expected)
        #expect(ledger.balance == expected && !expected.isSound)
        #expect(!ledger.faults.isEmpty)
    }

    @Test func whatIsNotHeardIsLost() { expect(ledger()) { $0.lost = 1 } }

    @Test func whatIsHeardTwiceIsARepeat() {
        let ledger = ledger()
        ledger.heard(hearing(content(9)))
        ledger.heard(hearing(content(4)))
        expect(ledger) { ($0.delivered, $0.repeated) = (10, 1) }
    }

    @Test(arguments: [0, 17, 30, 41, 45, 50, 63, 64, 130, 199])
    func oneOctetThatChangesIsFound(index: Int) {
        let ledger = ledger()
        var octets = content(9).octets
        octets[index] ^= 1
        ledger.heard(hearing(content(9), octets: octets))
        // Where nothing says any more that it is of a load run, it is lost and foreign.
        expect(ledger) { balance in
            balance.lost = 1
            if index < 16 { balance.foreign = 1 } else { balance.corrupt = 1 }
        }
    }

    @Test(arguments: [0, 15, 63, 64, 199]) func aContentThatIsCutIsFound(count: Int) {
        let ledger = ledger()
        ledger.heard(hearing(content(9), octets: Array(content(9).octets.prefix(count))))
        expect(ledger) { balance in
            balance.lost = 1
            if count < 16 { balance.foreign = 1 } else { balance.corrupt = 1 }
        }
    }

    @Test func theContentOfAnotherDepositIsNotTakenForIt() {
        let ledger = ledger()
        // As long, and of the same pair; it was heard before.
        ledger.heard(hearing(content(9), octets: content(2).octets))
        expect(ledger) { ($0.lost, $0.repeated) = (1, 1) }
    }

    @Test func whatARecipientRefusesIsCorrupt() {
        let ledger = ledger()
        ledger.refused("the MAC of its content is wrong")
        expect(ledger) { ($0.lost, $0.corrupt) = (1, 1) }
    }

    @Test func anotherNameOrNoProofIsMisattributed() {
        for wrong in [
            hearing(content(9), sender: 4), hearing(content(9), sender: nil), hearing(content(9), isProven: false),
        ] {
            let ledger = ledger()
            ledger.heard(wrong)
            expect(ledger) { ($0.delivered, $0.misattributed) = (10, 1) }
        }
    }

    @Test func whatComesToSomebodyElseIsMisattributedAndLost() {
        let ledger = ledger()
        ledger.heard(hearing(content(9), recipient: 6))
        expect(ledger) { ($0.lost, $0.misattributed) = (1, 1) }
    }

    @Test func whatComesAfterALaterOneOfItsSessionIsOutOfOrder() {
        let ledger = DeliveryLedger(run: run)
        let start = ContinuousClock.now
        for number in 0..<3 as Range<UInt64> {
            let begun = start + .seconds(2 * Int(number))
            ledger.begin(content(number), session: 1, at: begun)
            ledger.stored(number, at: begun + .seconds(1))
        }
        for number in [0, 2, 1] as [UInt64] { ledger.heard(hearing(content(number))) }
        #expect(ledger.balance.misordered == 1 && !ledger.balance.isSound)
    }

    @Test func depositsThatOverlapHaveNoOrder() {
        let ledger = DeliveryLedger(run: run)
        let start = ContinuousClock.now
        for number in 0..<2 as Range<UInt64> {
            ledger.begin(content(number), session: 1, at: start + .seconds(Int(number)))
            ledger.stored(number, at: start + .seconds(5))
        }
        for number in [1, 0] as [UInt64] { ledger.heard(hearing(content(number))) }
        #expect(ledger.balance.isSound)
    }

    @Test func whatFailedMustNotBeHeardUnlessItsOutcomeIsUnknown() {
        for mayBeStored in [false, true] {
            for isHeard in [false, true] {
                let ledger = DeliveryLedger(run: run)
                ledger.begin(content(0), session: 1)
                ledger.failed(0, mayBeStored: mayBeStored)
                if isHeard { ledger.heard(hearing(content(0))) }
                #expect(ledger.balance.isSound == (mayBeStored || !isHeard))
                #expect(ledger.balance.unexpected == (isHeard && !mayBeStored ? 1 : 0))
                #expect(ledger.balance.unknown == (!isHeard && mayBeStored ? 1 : 0))
                #expect(ledger.balance.lost == 0)
            }
        }
    }

    @Test func whatWasNeverBegunIsUnexpected() {
        let ledger = ledger()
        ledger.heard(hearing(content(77)))
        ledger.heard(hearing(content(9)))
        #expect(ledger.balance.unexpected == 1 && !ledger.balance.isSound)
    }

    @Test func mailOfAnotherRunIsForeignAndNoFault() {
        let ledger = ledger()
        let other = LoadContent(run: 43, number: 4, octetCount: 200, sender: 3, recipient: 5)
        ledger.heard(hearing(other))
        ledger.heard(hearing(other, octets: Array("hello".utf8)))
        ledger.heard(hearing(content(9)))
        #expect(ledger.balance.foreign == 2 && ledger.balance.isSound)
    }

    @Test func aReceiptThatComesAfterItsDeliveryIsNoMatter() {
        let ledger = DeliveryLedger(run: run)
        ledger.begin(content(0), session: 1)
        ledger.heard(hearing(content(0)))
        ledger.stored(0)
        #expect(ledger.waitingCount == 0 && ledger.balance.isSound && ledger.balance.lost == 0)
    }

    @Test(arguments: [64, 65, 71, 200, 200_000]) func aContentIsReadAsItWasMade(octets: Int) throws {
        let made = content(1 << 40, octets: octets)
        #expect(made.octets.count == octets)
        #expect(try LoadContent(checking: made.octets) == made)
    }
}
