/// A time in which somebody who waited got no sign that the mailbox works, in milliseconds since the run began.
package struct Silence: Hashable, Sendable {
    /// Who waited.
    package var who: String
    package var fromMs: Int
    package var toMs: Int

    package var lengthMs: Int { toMs - fromMs }

    package init(who: String, fromMs: Int, toMs: Int) {
        self.who = who
        self.fromMs = fromMs
        self.toMs = toMs
    }
}

/// The silences of a record. Pure.
package struct Silences: Sendable {
    /// From when a sender began a deposit, or from the last octets of a large one that went on their way, until the next sign or the
    /// receipt. A deposit that failed is no sign: the silence goes on in the next one.
    package var ofSenders: [Silence] = []
    /// From when there was mail with a receipt for a recipient who was fetching his mail, until anything came to him.
    package var ofRecipients: [Silence] = []

    /// Finds the silences in a record. What is shorter than `noticeMs` is none.
    package init(_ entries: [Entry], noticeMs: Int = 200) {
        for case .waited(let who, let from, let to) in entries where to - from >= noticeMs {
            ofSenders.append(Silence(who: who, fromMs: from, toMs: to))
        }
        var firstSeen: [Writing: Int] = [:]
        for case .seen(_, _, _, _, _, let inside?, let at) in entries where firstSeen[inside] == nil { firstSeen[inside] = at }
        var recipients: [String: [(atMs: Int, event: Event)]] = [:]
        for entry in entries {
            switch entry {
            case .receipted(let writing, _, _, _, let at):
                // What came before its promise is not waited for.
                if firstSeen[writing, default: .max] > at { recipients[writing.addressee, default: []].append((at, .owed(writing))) }
            case .seen(let recipient, _, _, _, _, let inside, let at):
                recipients[recipient, default: []].append((at, .seen(inside)))
            case .progress(let recipient, let at): recipients[recipient, default: []].append((at, .sign))
            case .fetching(let recipient, let isOn, let at): recipients[recipient, default: []].append((at, .fetching(isOn)))
            case .failed, .refused, .acknowledged, .waited: break
            }
        }
        for (who, events) in recipients {
            ofRecipients += Self.silences(of: who, events.sorted { $0.atMs < $1.atMs }).filter { $0.lengthMs >= noticeMs }
        }
    }

    private enum Event {
        case owed(Writing)
        case seen(Writing?)
        case sign
        case fetching(Bool)
    }

    private static func silences(of who: String, _ events: [(atMs: Int, event: Event)]) -> [Silence] {
        var silences: [Silence] = []
        var owed: Set<Writing> = []
        var isFetching = false
        var from: Int?
        for (now, event) in events {
            if let start = from {
                switch event {
                case .owed: break
                case .seen, .sign, .fetching:
                    silences.append(Silence(who: who, fromMs: start, toMs: now))
                    from = nil
                }
            }
            switch event {
            case .owed(let writing): owed.insert(writing)
            case .seen(let writing): if let writing { owed.remove(writing) }
            case .sign: break
            case .fetching(let isOn): isFetching = isOn
            }
            if from == nil, isFetching, !owed.isEmpty { from = now }
        }
        return silences
    }
}

/// A fault as it was done.
package struct DoneFault: Hashable, Sendable {
    package var scheduled: ScheduledFault
    package var beganMs: Int
    /// When what it was done to was whole again.
    package var healedMs: Int
    /// Why it could not be done, or not be healed.
    package var trouble: String?

    package init(scheduled: ScheduledFault, beganMs: Int, healedMs: Int, trouble: String? = nil) {
        self.scheduled = scheduled
        self.beganMs = beganMs
        self.healedMs = healedMs
        self.trouble = trouble
    }
}

/// The longest silences around each fault.
package struct FaultSilence: Hashable, Sendable {
    package var fault: DoneFault
    package var senderMs: Int
    package var recipientMs: Int

    /// Gives each silence to the fault in whose time most of it lies: the time of a fault ends when the next begins.
    package static func table(of faults: [DoneFault], _ silences: Silences) -> [FaultSilence] {
        let faults = faults.sorted { $0.beganMs < $1.beganMs }
        func longest(_ silences: [Silence]) -> [Int] {
            var longest = [Int](repeating: 0, count: faults.count)
            for silence in silences {
                let overlaps = faults.indices.map { index in
                    let end = index + 1 < faults.count ? faults[index + 1].beganMs : Int.max
                    return min(silence.toMs, end) - max(silence.fromMs, faults[index].beganMs)
                }
                guard let most = overlaps.max(), most > 0, let index = overlaps.firstIndex(of: most) else { continue }
                longest[index] = max(longest[index], silence.lengthMs)
            }
            return longest
        }
        let (senders, recipients) = (longest(silences.ofSenders), longest(silences.ofRecipients))
        return faults.indices.map {
            FaultSilence(fault: faults[$0], senderMs: senders[$0], recipientMs: recipients[$0])
        }
    }
}
