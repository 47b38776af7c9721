import IdentityBasedEncryption
import Mailbox
import Primitives
import StoreBehaviour
import TestVectors

/// Senders, recipients, two fronts, two owners of one partition, a log and a view, and everything that can go wrong
/// between them.
struct World {
    struct Stream {
        let owner: Identity
        var cursor = StreamCursor()
        var inFlight: [PendingDeposit] = []
    }

    var random: SeededGenerator
    var now: Int64 = 1_796_117_402_000
    var log = SimulatedLog()
    var view = SimulatedView()
    var owners = [Owner(), Owner()]
    var frontSkews: [Int64] = [0, 0]
    var network: [Owner.Push] = []
    var streams: [StreamID: Stream] = [:]
    var current: [Identity: StreamID] = [:]
    private var streamCount: UInt64 = 0
    private var snapshots: [SimulatedView] = []
    private var lateTombstones: [Tombstone] = []

    /// Whether nobody folds for hours or days at a time. A deposit sent again after its lifetime, while the view is
    /// lost, can then be taken away by the first one's expiry: compaction leaves its tombstone alone, and nobody was
    /// there to see the contradiction. So senders do not try again here.
    let isNeglected: Bool

    let senders: [Identity]
    let recipients: [Identity]
    private(set) var sent: [SampleMail] = []
    private(set) var senderOf: [DepositKey: Identity] = [:]
    /// The envelopes whose receipt reached their sender.
    private(set) var promised: [DepositKey: [Envelope]] = [:]
    /// What each recipient's application was shown, in order.
    private(set) var shown: [Identity: [DepositKey]] = [:]
    private(set) var refused: Set<DepositKey> = []
    private(set) var left: Set<DepositKey> = []
    private var model = Model()
    /// What ought not to have happened.
    private(set) var faults: [String] = []

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        isNeglected = random.next() % 3 == 0
        senders = [try person("anna"), try person("ada")]
        recipients = [try person("ben"), try person("bea")]
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func clockSkew() -> Int64 { Int64.random(in: -300_000...300_000, using: &random) }

    // MARK: Senders

    mutating func deposit(again: Bool) throws {
        var mail: SampleMail
        if again {
            guard let old = sent.randomElement(using: &random) else { return }
            mail = old
        } else {
            mail = SampleMail(
                from: senders[Int.random(in: 0...1, using: &random)],
                to: recipients[Int.random(in: 0...1, using: &random)], seed: random.next(),
                length: Int.random(in: 0...64, using: &random),
                lifetime: UInt32.random(in: 1...7200, using: &random), wantsReceipt: chance(50))
            sent.append(mail)
            senderOf[try mail.key] = mail.sender
        }
        let clock = UTCTime(milliseconds: now + frontSkews[Int.random(in: 0...1, using: &random)])
        let header = try mail.header()
        let known = view.deposits[try mail.key]?.envelope
        let facts = HandshakeFacts(
            initiator: mail.sender, called: mail.recipient, timestamp: header.fields.timestamp, day: clock.day,
            encryptedKeyDigest: header.fields.encryptedKeyDigest)
        let limits = DepositLimits(
            quota: Quota(count: 1000, octets: 1 << 20), longestLifetime: 7200, largestCiphertext: 1 << 20)
        let usage = view.usage[mail.recipient] ?? MailboxUsage()
        switch Admission(header, under: facts, known: known, usage: usage, limits: limits, now: clock) {
        case .store:
            let envelope = try mail.envelope(receivedAt: clock)
            log.append(.envelope(envelope), now: now)
            // The receipt may be lost on its way; the deposit exists all the same.
            if chance(80) { promised[envelope.key, default: []].append(envelope) }
        case .receiptAgain(let envelope): promised[envelope.key, default: []].append(envelope)
        case .refuse(let fault): if fault != .idExpiring { faults.append("a deposit was refused: \(fault)") }
        }
    }

    // MARK: Recipients

    mutating func openStream(_ person: Identity) throws {
        closeStream(person)
        streamCount += 1
        let name = try StreamID(octets: (0..<8).map { UInt8(truncatingIfNeeded: streamCount >> (8 * $0)) })
        streams[name] = Stream(owner: person)
        current[person] = name
        renew(person, name)
    }

    mutating func renew(_ person: Identity, _ name: StreamID) {
        let opened = RouteRenewal.Stream(
            entity: person, stream: name, openedAt: UTCTime(milliseconds: now + Int64(streamCount)))
        log.append(.routes(RouteRenewal(front: "front:1", leaseMs: 60_000, open: [opened])), now: now)
    }

    mutating func closeStream(_ person: Identity) {
        guard let name = current[person] else { return }
        streams[name] = nil
        current[person] = nil
        // A front that dies says nothing; the lease runs out.
        if chance(50) {
            let closed = RouteRenewal.Closed(entity: person, stream: name)
            log.append(.routes(RouteRenewal(front: "front:1", leaseMs: 60_000, closed: [closed])), now: now)
        }
    }

    /// The recipient takes the next delivery of his stream.
    mutating func receive(_ person: Identity, calm: Bool) {
        guard let name = current[person], let stream = streams[name], !stream.inFlight.isEmpty else { return }
        let deposit = streams[name]?.inFlight.removeFirst() ?? stream.inFlight[0]
        let key = deposit.envelope.key
        if key.mailbox != person { faults.append("\(key.id) came to another than its recipient") }
        let wasShown = shown[person, default: []].contains(key)
        if !calm, !wasShown, chance(8) {
            left.insert(key)
            return
        }
        let refuses = refused.contains(key) || (!calm && !wasShown && chance(5))
        if refuses { refused.insert(key) } else if !wasShown { shown[person, default: []].append(key) }
        if !calm, chance(10) {
            closeStream(person)
            return
        }
        let tombstone = Tombstone(
            key: key, reason: refuses ? .refused : .acknowledged,
            at: UTCTime(milliseconds: now + frontSkews[Int.random(in: 0...1, using: &random)]))
        log.append(.tombstone(tombstone), now: now)
        if !calm, chance(10) { lateTombstones.append(tombstone) }
        if calm || chance(50) {
            for index in owners.indices { owners[index].windows[name]?.settle(key) }
        }
    }

    // MARK: The network

    mutating func arrive(at index: Int) {
        let message = network.remove(at: index)
        switch streams[message.stream]?.cursor.take(message.push.deposit.offset, after: message.push.after) {
        case .send: streams[message.stream]?.inFlight.append(message.push.deposit)
        case .gap: owners[message.owner].windows[message.stream] = nil
        case .drop, nil: break
        }
    }

    mutating func lose(at index: Int) {
        let message = network.remove(at: index)
        // The worker may or may not learn of it.
        if chance(50) { owners[message.owner].windows[message.stream] = nil }
    }

    // MARK: Steps

    mutating func fold(_ index: Int, limit: Int) -> Bool {
        let before = view.position
        let worked = owners[index].fold(&log, &view, now: now, limit: limit)
        if let position = view.position, position != before { check(position) }
        return worked
    }

    private mutating func check(_ position: ViewPosition) {
        // A view that was rolled back is compared with the model of its own position.
        if UInt64(model.end) > position.next.envelopes { model = Model() }
        model.read(log.history, before: position.next.envelopes)
        if let difference = model.difference(from: view, coming: log.coming(from: position.next.envelopes)) {
            faults.append("at \(position.next.envelopes): \(difference)")
        }
    }

    mutating func push(_ index: Int, to person: Identity) {
        network += owners[index].push(to: person, view, now: now, as: index)
    }

    mutating func step() throws {
        let everyone = senders + recipients
        let person = everyone[Int.random(in: 0..<everyone.count, using: &random)]
        let owner = Int.random(in: 0...1, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12: try deposit(again: false)
        case 12..<16: try deposit(again: !isNeglected)
        case 16..<40: _ = fold(owner, limit: Int.random(in: 1...6, using: &random))
        case 40..<54: push(owner, to: person)
        case 54..<66:
            if !network.isEmpty { arrive(at: chance(70) ? 0 : Int.random(in: 0..<network.count, using: &random)) }
        case 66..<69: if !network.isEmpty { lose(at: Int.random(in: 0..<network.count, using: &random)) }
        case 69..<82: receive(person, calm: false)
        case 82..<86: try openStream(person)
        case 86..<87: closeStream(person)
        case 87..<89: if let name = current[person] { renew(person, name) }
        case 89..<91: owners[owner].expire(&log, view, now: now)
        case 91..<92: owners[owner].crash()
        case 92..<93: if chance(50) { owners[owner].skew = clockSkew() } else { frontSkews[owner] = clockSkew() }
        case 93..<94: if let tombstone = lateTombstones.popLast() { log.append(.tombstone(tombstone), now: now) }
        case 94..<95: snapshots.append(view)
        case 95..<96: view = chance(40) ? SimulatedView() : snapshots.randomElement(using: &random) ?? view
        case 96..<97: log.compact(now: now)
        case 97..<99: now += Int64.random(in: 0...20_000, using: &random)
        default:
            if !isNeglected { while fold(owner, limit: 20) {} }
            now += chance(10) ? 691_200_000 : Int64.random(in: 0...4_000_000, using: &random)
        }
    }

    private mutating func foldToTheEnd() {
        for index in 0...1 {
            var steps = 0
            while fold(index, limit: 5) {
                steps += 1
                guard steps < 2000 else {
                    faults.append("the fold does not come to an end")
                    return
                }
            }
        }
    }

    /// Everything heals: clocks are right, nothing is lost, everybody is there and takes what comes. Returns whether
    /// all mailboxes became empty.
    mutating func settle() throws -> Bool {
        for index in 0...1 {
            frontSkews[index] = 0
            owners[index].crash()
            owners[index].skew = 0
        }
        while let tombstone = lateTombstones.popLast() { log.append(.tombstone(tombstone), now: now) }
        for _ in 0..<200 {
            now += 1000
            for person in senders + recipients { try openStream(person) }
            foldToTheEnd()
            for index in 0...1 { owners[index].expire(&log, view, now: now) }
            for person in senders + recipients {
                push(0, to: person)
                push(1, to: person)
                while !network.isEmpty { arrive(at: 0) }
                while let name = current[person], streams[name]?.inFlight.isEmpty == false {
                    receive(person, calm: true)
                }
            }
            foldToTheEnd()
            if view.deposits.isEmpty, view.usage.isEmpty { return true }
        }
        return false
    }
}
