import Foundation
import IdentityBasedEncryption
import LocalCluster
import Mailbox
import MailboxClient
import Primitives

/// One deferred delivery from enrolment to erasure.
struct DeferredDelivery: Sendable {
    let configuration: LocalClusterConfiguration
    let story: Story
    private let casualties = Casualties()

    init(configuration: LocalClusterConfiguration, story: Story) {
        self.configuration = configuration
        self.story = story
    }

    private struct Person {
        let identity: Identity
        let profile: Profile
    }

    /// What is left for Bob: its media type, what the story calls it, its octets.
    private typealias Item = (type: String, name: String, octets: [UInt8])

    func run() async throws -> DemoReport {
        story.chapter("The cluster")
        let cluster = try await DemoCluster.start(configuration, story)
        do {
            let report = try await deliver(cluster)
            await cluster.stop()
            return report
        } catch {
            await cluster.stop()
            throw error
        }
    }

    private func deliver(_ cluster: DemoCluster) async throws -> DemoReport {
        story.chapter("Alice and Bob enrol with the KMS: each gets a pre-shared key")
        let alice = try await enroll("sip:alice@example.com", cluster)
        let bob = try await enroll("sip:bob@example.com", cluster)
        let items: [Item] = [
            ("audio/wav", "a recording of \(Voicemail.seconds) s", Voicemail.recording()),
            (
                "text/plain;charset=utf-8", "a text",
                Array("Grüße, Bob! Ruf mich an, wenn du zurück bist. 📮 — Alice".utf8)
            ),
        ]
        let served = ServedMessages(cluster: cluster)
        let (sent, waiting, plaintextFound) = try await leave(items, alice, bob, cluster, served)
        let received = try await fetch(bob, cluster)
        story.chapter("What Bob has is what Alice sent")
        let isComplete = try compare(sent, received, items)
        story.chapter("The keys are erased")
        let keysErased = try await cluster.erased(
            waiting.map(\.keyProbe), within: .seconds(cluster.isDistributed ? 40 : 15))
        try story.tell(
            keysErased
                ? "no file of the cluster shows an ESK any more: what is left of the ciphertext does not open, not even with "
                    + "Bob's private key"
                : "a file of the cluster still holds an ESK")
        let ok = isComplete && keysErased && !plaintextFound && casualties.all.count == (cluster.isDistributed ? 2 : 0)
        story.chapter(ok ? "Done." : "Something is wrong.")
        return DemoReport(
            ok: ok,
            deposits: received.map {
                DemoReport.Deposit(
                    id: $0.id, sender: $0.sender, recipient: $0.recipient, bytes: $0.bytes, sha256: $0.sha256,
                    senderProof: $0.senderProof.rawValue)
            },
            fronts: served.all, plaintextFound: plaintextFound, keysErased: keysErased, killed: casualties.all,
            seconds: (story.seconds * 1000).rounded() / 1000)
    }

    private func enroll(_ uri: String, _ cluster: DemoCluster) async throws -> Person {
        let identity = try Identity(uri)
        let person = Person(identity: identity, profile: try await cluster.enroll(identity))
        try story.tell("\(uri) is enrolled")
        return person
    }

    private func leave(
        _ items: [Item], _ alice: Person, _ bob: Person, _ cluster: DemoCluster, _ served: ServedMessages
    ) async throws -> ([SentDeposit], [Envelope], plaintextFound: Bool) {
        story.chapter("Bob is away. Alice calls him; his mailbox answers")
        var configuration = MailboxClient.Configuration()
        configuration.changesFronts = true
        configuration.observe = { [story] event in
            if case .exchanged(let step) = event { served.note(step) }
            try? story.tell(event, cluster)
        }
        let client = MailboxClient(alice.profile, configuration)
        var session: SendingSession?
        var sent: [SentDeposit] = []
        for item in items {
            var options = DepositOptions()
            options.mediaType = item.type
            let result = try await client.send(
                ContentSource(item.octets, name: item.name), in: session, from: alice.identity, to: bob.identity,
                options
            ) { [story, casualties] sentOctets in
                // In a cluster the front that has begun to take the recording is killed before it has it all.
                guard cluster.isDistributed, let name = served.all["I_MESSAGE_2"], sentOctets < item.octets.count,
                    let front = cluster.front(named: name),
                    let told = casualties.kill(front, "while Alice is sending the recording")
                else { return }
                try? story.tell("\(told): \(size(Int64(sentOctets))) of it were sent, and there is no receipt")
            }
            session = result.session
            sent.append(result.sent)
            try story.tell(
                "\(item.name), \(size(Int64(item.octets.count))), is sealed and stored as \(result.sent.id) through "
                    + "\(cluster.name(of: result.sent.front)); the receipt came when \(cluster.isDistributed ? "the brokers" : "the disk") had it"
            )
        }
        story.chapter("What the cluster has")
        var waiting: [Envelope] = []
        for _ in 0..<250 where waiting.count < items.count {
            waiting = try await cluster.waiting(for: bob.identity)
            if waiting.count < items.count { try await Task.sleep(for: .milliseconds(20)) }
        }
        for envelope in waiting {
            try story.tell(
                "an envelope: \(size(Int64(envelope.ciphertextLength))) of ciphertext from \(envelope.sender), and an ESK of "
                    + "\(envelope.encryptedKey.count) octets that only Bob's key of today opens")
        }
        // That they are found now is what makes it worth something that they are not found later.
        let holders = try cluster.files(containing: waiting.map(\.keyProbe))
        guard !holders.isEmpty else { throw CommandFailure(.failure, "the ESKs are in no file of the cluster") }
        let probes = items.flatMap { PlaintextSearch.probes(of: $0.octets) }
        let hits = try cluster.files(containing: probes)
        try story.tell(
            hits.isEmpty
                ? "no file of the cluster holds any of \(probes.count) pieces of the contents: it is ciphertext"
                : "PLAINTEXT in \(hits.map(\.lastPathComponent))")
        return (sent, waiting, !hits.isEmpty)
    }

    private func fetch(_ bob: Person, _ cluster: DemoCluster) async throws -> [ReceivedDeposit] {
        story.chapter("Bob comes back and calls his mailbox")
        var configuration = MailboxClient.Configuration()
        configuration.observe = { [story] event in try? story.tell(event, cluster) }
        let client = MailboxClient(bob.profile, configuration)
        let worker = try await cluster.worker(of: bob.identity)
        if let worker { try story.tell("\(worker.name) has Bob's mailbox") }
        let inbox = try Inbox(of: bob.profile, now: wallClock())
        let received = ReceivedDeposits()
        let summary = try await client.receive(as: bob.identity, into: inbox) { [story, casualties] event in
            switch event {
            case .progress(_, let octets, let total):
                // Bob waits for its end before he takes more.
                guard let worker, octets < total,
                    let told = casualties.kill(worker, "while it delivers the recording")
                else { break }
                try? story.tell(
                    "\(told): Bob has \(size(Int64(octets))) of \(size(Int64(total))). Another will be given its work")
            case .deposit(let deposit):
                received.add(deposit)
                try? story.tell(
                    "delivered: \(deposit.mediaType), \(size(Int64(deposit.bytes))), from \(deposit.sender), sender proof "
                        + "\(deposit.senderProof.rawValue)")
            case .refused(_, let reason), .left(let reason): try? story.tell("not taken: \(reason)")
            case .caughtUp, .receipt, .reconnecting: break
            }
        }
        try story.tell("\(summary.deposits) deposits acknowledged; the log has it: they are over")
        return received.all
    }

    private func compare(_ sent: [SentDeposit], _ received: [ReceivedDeposit], _ items: [Item]) throws -> Bool {
        var isComplete = sent.count == received.count
        for (deposit, item) in zip(sent, items) {
            let found = received.first { $0.id == deposit.id }
            let content = found.flatMap { FileManager.default.contents(atPath: $0.path) }.map { [UInt8]($0) } ?? []
            let hash = hexadecimal(HashFunction.sha256.hash(content))
            let isSame = content == item.octets && found?.sha256 == hash && found?.senderProof == .verified
            isComplete = isComplete && isSame
            try story.tell(
                "\(item.name): SHA-256 \(hash.prefix(16))…, \(isSame ? "the same, and it is from Alice" : "NOT the same")"
            )
        }
        return isComplete
    }
}

extension Envelope {
    /// Octets by which the ESK is found again: its end, which is different in every one.
    fileprivate var keyProbe: [UInt8] { Array(encryptedKey.suffix(48)) }
}
