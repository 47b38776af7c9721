import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import MIKEY
import Primitives
import RPC

/// A recipient's stream, read by hand. A test that waits in vain gets DEADLINE_EXCEEDED after a minute.
package actor Inbox {
    /// What came.
    package enum Event: Sendable {
        case mail(Mail)
        case receipt(ReceiptHeader, sequence: UInt64)
        case settled(UInt64)
        case caughtUp
    }

    /// A deposit, opened and checked.
    package struct Mail: Sendable {
        package let sequence: UInt64
        package let header: DepositHeader
        package let sender: String
        /// Or why Bob refuses it.
        package let content: Result<[UInt8], Refusal>

        package var id: DepositID { header.fields.id }
        package var text: String { (try? content.get()).map { String(decoding: $0, as: UTF8.self) } ?? "refused" }
    }

    /// What carries the stream.
    struct Link: Sendable {
        let send: @Sendable (ReceiveRequest) async throws(RPCStatus) -> Bool
        let receive: @Sendable () async throws(RPCStatus) -> ReceiveResponse?
        let finish: @Sendable () async -> Void
        let cancel: @Sendable () -> Void
    }

    private nonisolated let link: Link
    private let person: Person
    private var session: RecipientSession
    /// What came between the chunks of a delivery.
    private var between: [Event] = []

    /// Proves a person and opens his stream.
    package init(_ person: Person, at front: TestFront) async throws {
        self.person = person
        let call = try Self.open(front)
        link = Link(
            send: { message throws(RPCStatus) in try await call.send(message) },
            receive: { () throws(RPCStatus) in try await call.receive() }, finish: { await call.finish() },
            cancel: { call.cancel() })
        guard let mailbox = person.identity.mailbox else { throw NeverHappened(description: "no mailbox") }
        let first = try person.begin(mailbox)
        let second = try person.second(first, try await Self.answer(to: first.iMessage1, call))
        let session = try second.receive(
            rMessage2: try await Self.answer(to: second.iMessage2, call), keys: person.ring())
        self.session = try RecipientSession(
            tgk: session.tgk, csbID: session.csbIDOctets, recipient: person.identity)
    }

    /// A stream that his mailbox has opened, which has proved itself.
    init(_ person: Person, _ session: RecipientSession, _ link: Link) {
        self.person = person
        self.session = session
        self.link = link
    }

    /// Cuts the stream.
    package nonisolated func cancel() { link.cancel() }

    /// Sends whatever it is.
    package func send(_ request: ReceiveRequest) async throws { _ = try await link.send(request) }

    package static func open(_ front: TestFront) throws -> Call<ReceiveRequest, ReceiveResponse> {
        try front.channel.open(Methods.receive, deadline: .seconds(60), waitsForReady: true)
    }

    /// Sends a MIKEY message over a stream and gives its answer.
    package static func answer(
        to message: [UInt8], _ call: Call<ReceiveRequest, ReceiveResponse>
    ) async throws(RPCStatus) -> [UInt8] {
        _ = try await call.send(ReceiveRequest(.mikey(message)))
        guard case .mikey(let answer) = try await call.receive()?.part else {
            throw RPCStatus(.dataLoss, "no MIKEY message came")
        }
        return answer
    }

    /// The next event; nil at the stream's end.
    package func next() async throws -> Event? {
        guard between.isEmpty else { return between.removeFirst() }
        switch try await link.receive()?.part {
        case .delivery(let delivery): return try await take(delivery)
        case .settled(let settled): return .settled(settled.sequence)
        case .caughtUp: return .caughtUp
        case nil: return nil
        case .mikey, .chunk: throw NeverHappened(description: "a message out of place")
        }
    }

    /// The next mail or receipt, whatever comes before it.
    package func nextMail() async throws -> Mail {
        while let event = try await next() {
            if case .mail(let mail) = event { return mail }
        }
        throw NeverHappened(description: "the stream ended before a mail")
    }

    /// All mail until the mailbox says that nothing more waits.
    package func untilCaughtUp() async throws -> [Mail] {
        var mails: [Mail] = []
        while let event = try await next() {
            if case .mail(let mail) = event { mails.append(mail) }
            if case .caughtUp = event { return mails }
        }
        throw NeverHappened(description: "the stream ended before it had caught up")
    }

    /// Takes so many mails and acknowledges each.
    package func take(_ count: Int) async throws -> [Mail] {
        var mails: [Mail] = []
        for _ in 0..<count {
            let mail = try await nextMail()
            mails.append(mail)
            try await acknowledge(mail)
        }
        return mails
    }

    private func take(_ opened: MailboxAPI.Delivery) async throws -> Event {
        let delivery = Mailbox.Delivery(
            sequence: opened.sequence, header: opened.header, encryptedKey: opened.esk, sender: opened.sender,
            receivedAt: UTCTime(milliseconds: Int64(opened.receivedAtMs)),
            senderProof: opened.senderProof.isEmpty ? nil : opened.senderProof, mac: opened.mac)
        switch try session.receive(delivery) {
        case .receipt(let header): return .receipt(header, sequence: opened.sequence)
        case .deposit(let incoming):
            var ciphertext: [[UInt8]] = []
            var octets: UInt64 = 0
            while octets < opened.ciphertextOctets {
                switch try await link.receive()?.part {
                case .chunk(let chunk):
                    ciphertext.append(chunk)
                    octets += UInt64(chunk.count)
                case .settled(let settled): between.append(.settled(settled.sequence))
                default: throw NeverHappened(description: "a chunk was due")
                }
            }
            let content: Result<[UInt8], Refusal>
            do throws(Refusal) {
                content = .success(try open(incoming, ciphertext))
            } catch {
                content = .failure(error)
            }
            return .mail(
                Mail(
                    sequence: opened.sequence, header: incoming.header,
                    sender: String(decoding: opened.sender, as: UTF8.self), content: content))
        case .refuse(_, let refusal): throw refusal
        case .leave(let reason): throw reason
        }
    }

    private func open(_ incoming: IncomingDeposit, _ ciphertext: [[UInt8]]) throws(Refusal) -> [UInt8] {
        let day = NTPTimestamp(rawValue: incoming.header.fields.timestamp).time.day
        let own = DatedIdentity(person.identity, on: day)
        let master = person.cluster.keys.master
        guard let ring = try? person.ring(), let key = try? master.extract(own.octets),
            let chain = try? SecretKeyChain(opening: incoming.delivery.encryptedKey, as: own, keys: ring),
            let proofKey = try? SenderProofKey.derive(
                own: key, peer: DatedIdentity(incoming.header.fields.sender, on: day),
                depositID: incoming.header.fields.id.octets, parameters: master.parameters)
        else { throw .unreadableESK }
        var content = try incoming.content(sender: chain.initiator, sk: chain.sk)
        var plaintext: [UInt8] = []
        for chunk in ciphertext {
            for piece in try content.append(chunk) { plaintext += piece.exposedCopy() }
        }
        _ = try content.finish(.keys([proofKey]))
        return plaintext
    }

    package func acknowledge(_ mail: Mail) async throws {
        try await answer(session.acknowledge(mail.sequence, mail.id))
    }

    package func refuse(_ mail: Mail) async throws { try await answer(session.refuse(mail.sequence, mail.id)) }

    package func acknowledge(_ receipt: ReceiptHeader, sequence: UInt64) async throws {
        try await answer(session.acknowledge(sequence, receipt.deposit))
    }

    /// An acknowledgement for tests to spoil.
    package func acknowledgement(of sequence: UInt64, _ id: DepositID) -> Mailbox.Acknowledgement {
        session.acknowledge(sequence, id)
    }

    package func answer(_ answer: Mailbox.Acknowledgement) async throws {
        _ = try await link.send(
            ReceiveRequest(
                .acknowledgement(
                    MailboxAPI.Acknowledgement(
                        sequence: answer.sequence, id: answer.id.octets, refused: answer.isRefusal, mac: answer.mac))))
    }

    /// Hangs up, and waits until the front has closed the stream.
    package func close() async {
        await link.finish()
        while (try? await link.receive()) != nil {}
    }
}
