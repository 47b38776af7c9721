import ChaosRun
import Testing

/// The checker finds each fault that is planted in a record, and none in a clean one.
@Suite struct VerdictTests {
    /// A clean record: two senders, two recipients, ten deposits each pair, receipts for every third.
    private func clean() -> [Entry] {
        var entries: [Entry] = []
        for number in 0..<10 {
            for author in ["anna", "ben"] {
                for addressee in ["cleo", "dora"] {
                    let writing = Writing(author: author, addressee: addressee, number: number)
                    entries.append(receipted(writing))
                    entries.append(seen(writing))
                    if number % 3 == 0 {
                        entries.append(.acknowledged(to: author, id: "\(writing)", recipient: addressee, atMs: 0))
                    }
                }
            }
        }
        return entries
    }

    private func receipted(_ writing: Writing) -> Entry {
        .receipted(writing, id: "\(writing)", sha256: "digest of \(writing)", wantsReceipt: writing.number % 3 == 0, atMs: 0)
    }

    private func seen(_ writing: Writing, sender: String? = nil, by: String? = nil, isProven: Bool = true) -> Entry {
        .seen(
            by: by ?? writing.addressee, id: "\(writing)", sender: sender ?? writing.author, isProven: isProven,
            sha256: "digest of \(writing)", inside: writing, atMs: 0)
    }

    private let planted = Writing(author: "anna", addressee: "dora", number: 4)

    private func index(ofSighting writing: Writing, in entries: [Entry]) -> Int {
        entries.firstIndex { if case .seen(_, _, _, _, _, writing, _) = $0 { true } else { false } } ?? 0
    }

    @Test func aCleanRecordIsClean() {
        let verdict = Verdict(clean())
        #expect(verdict.isClean)
        #expect(verdict.receipted == 40 && verdict.delivered == 40)
    }

    @Test func whatWasSeenBeforeItsPromiseCounts() {
        var entries = clean()
        let place = index(ofSighting: planted, in: entries)
        entries.swapAt(place, place - 1)
        #expect(Verdict(entries).isClean)
    }

    @Test func aLossIsFound() {
        var entries = clean()
        entries.remove(at: index(ofSighting: planted, in: entries))
        let verdict = Verdict(entries)
        #expect(verdict.lost == [planted] && !verdict.isClean)
        #expect(verdict.delivered == 39)
    }

    @Test func anotherContentIsALoss() {
        var entries = clean()
        entries[index(ofSighting: planted, in: entries)] = .seen(
            by: "dora", id: "\(planted)", sender: "anna", isProven: true, sha256: "another", inside: planted, atMs: 0)
        #expect(Verdict(entries).lost == [planted])
    }

    @Test func aRepeatIsFoundUnderWhateverID() {
        for id in ["\(planted)", "another id"] {
            let again = Entry.seen(
                by: "dora", id: id, sender: "anna", isProven: true, sha256: "digest of \(planted)", inside: planted, atMs: 0)
            let verdict = Verdict(clean() + [again])
            #expect(verdict.repeated == [planted] && !verdict.isClean)
        }
    }

    @Test func aRepeatOfWhatHasNoReceiptIsFound() {
        let other = Writing(author: "anna", addressee: "dora", number: 99)
        #expect(Verdict(clean() + [seen(other)]).isClean)
        #expect(Verdict(clean() + [seen(other), seen(other)]).repeated == [other])
    }

    @Test func disorderIsFoundWithinAPairAlone() {
        var entries = clean()
        let here = index(ofSighting: planted, in: entries)
        let next = index(ofSighting: Writing(author: "anna", addressee: "dora", number: 5), in: entries)
        entries.swapAt(here, next)
        let verdict = Verdict(entries)
        #expect(verdict.disordered == [planted] && verdict.lost.isEmpty)
        var harmless = clean()
        harmless.swapAt(here, index(ofSighting: Writing(author: "ben", addressee: "dora", number: 4), in: harmless))
        #expect(Verdict(harmless).isClean)
    }

    @Test func whatHasNoReceiptNeedsNoOrder() {
        let late = Writing(author: "anna", addressee: "dora", number: -1)
        #expect(Verdict(clean() + [seen(late)]).isClean)
    }

    @Test func wrongNamesAreFound() {
        for wrong in [
            seen(planted, sender: "ben"), seen(planted, isProven: false), seen(planted, by: "cleo"),
            .seen(by: "dora", id: "?", sender: "anna", isProven: true, sha256: "", inside: nil, atMs: 0)
        ] {
            var entries = clean()
            entries[index(ofSighting: planted, in: entries)] = wrong
            let verdict = Verdict(entries)
            #expect(verdict.misattributed.count == 1 && !verdict.isClean)
        }
    }

    @Test func deliveryReceiptsAreHeldToTheSame() {
        let asked = Writing(author: "anna", addressee: "dora", number: 3)
        let receipt = Entry.acknowledged(to: "anna", id: "\(asked)", recipient: "dora", atMs: 0)
        var entries = clean()
        entries.removeAll { if case .acknowledged(_, "\(asked)", _, _) = $0 { true } else { false } }
        #expect(Verdict(entries).receiptsMissing == ["\(asked)"])
        #expect(Verdict(clean() + [receipt]).receiptsWrong == ["\(asked)"])
        #expect(Verdict(clean() + [.acknowledged(to: "anna", id: "none", recipient: "dora", atMs: 0)]).receiptsWrong == ["none"])
    }

    @Test func aRefusalIsFound() {
        #expect(!Verdict(clean() + [.refused(by: "dora", id: "1", reason: "the proof is wrong", atMs: 0)]).isClean)
    }
}
