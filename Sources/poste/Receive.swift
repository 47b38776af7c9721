import Foundation
import LocalCluster
import MailboxClient
import RPC
import Synchronization

extension Command {
    static let receive = Command(
        name: "receive", summary: "fetches what was left for somebody", synopsis: "--as URI", words: 0...0,
        discussion: """
            Proves to the mailbox who asks, takes what waits, checks it, decrypts it into a folder, and
            acknowledges it, after which nobody can read it again, not even with the key of that day. Ends
            when all has come, or stays with --follow.

            With --listen it waits to be dialled by the mailbox instead, where somebody tells the cluster of
            the contact: this command itself with --contact, or 'poste presence'.

            Each deposit lies there as ID.EXTENSION with ID.json beside it, written last. Each is shown
            once.
            """,
        examples: [
            ("poste receive --as sip:bob@example.com", "fetches what waits for Bob"),
            ("poste receive --as sip:bob@example.com --into ~/Voicemail --follow", "stays, and takes what comes"),
            (
                "poste receive --as sip:bob@example.com --listen 0.0.0.0:5150 --contact bob.example.net:5150",
                "waits to be dialled, and tells the mailbox where"
            ),
            ("poste receive --as sip:bob@example.com --json", "prints a JSON object for each deposit"),
        ],
        options: [
            Option("as", .value("URI"), "whose mail", default: "the only identity enrolled here"),
            Option("into", .value("FOLDER"), "where contents go", default: "inbox in the profile"),
            Option("follow", .flag, "stay until interrupted"),
            Option("listen", .value("HOST:PORT"), "wait here for the mailbox to dial; stays until interrupted"),
            Option(
                "contact", .value("HOST:PORT"), "with --listen: where the mailbox reaches it; the mailbox is told so"),
            .readyFile,
            Option("trace", .flag, "tell each message of the protocol on standard error"),
        ] + Option.user,
        run: receive)

    @Sendable private static func receive(_ arguments: Arguments) async throws {
        let (profile, recipient) = try arguments.openProfile(as: "as")
        let folder = arguments.value("into").map {
            URL(fileURLWithPath: NSString(string: $0).expandingTildeInPath).standardizedFileURL.path
        }
        let inbox = try Inbox(of: profile, folder: folder, now: MailboxClient.systemTime())
        let narrator = Narrator(tellsSteps: arguments.has("trace"))
        var configuration = MailboxClient.Configuration()
        configuration.retryBudget = try arguments.retryBudget
        configuration.observe = narrator.tell
        let client = MailboxClient(profile, configuration)
        var options = ReceiveOptions()
        options.follows = arguments.has("follow")
        let hearer = Hearer(asJSON: arguments.has("json"), showsProgress: arguments.showsProgress)

        let place = try arguments.listeningPlace()
        let readyFile = arguments.value("ready-file")
        options.follows = options.follows || place != nil
        let work = Task { [options] () async throws -> ReceiveSummary? in
            guard let place else {
                return try await client.receive(as: recipient, into: inbox, options) { await hearer.hear($0) }
            }
            try await client.listen(as: recipient, into: inbox, at: place) { port in
                await hearer.hear(listening: RPCAddress(host: place.host, port: port), readyFile)
            } hear: {
                await hearer.hear($0)
            }
            return nil
        }
        let stop = Task {
            await StopSignal.wait()
            work.cancel()
        }
        defer { stop.cancel() }
        do {
            if let summary = try await work.value, !arguments.has("json") { say(summary.text) }
        } catch MailboxClientError.cancelled where options.follows {
            return
        }
    }
}

extension Arguments {
    fileprivate func listeningPlace() throws -> MailboxClient.ListeningPlace? {
        guard value("listen") != nil else {
            guard value("contact") == nil else { throw usage("--contact goes with --listen") }
            return nil
        }
        let place = try address("listen", default: "")
        let contact = value("contact") == nil ? nil : try address("contact", default: "")
        return MailboxClient.ListeningPlace(
            host: place.host, port: place.port, contact: contact.map { ($0.host, $0.port) })
    }
}

extension ReceiveSummary {
    fileprivate var text: String {
        var parts = ["\(deposits) received"]
        if receipts > 0 { parts.append("\(receipts) delivery receipt\(receipts == 1 ? "" : "s")") }
        if refused > 0 { parts.append("\(refused) refused") }
        if left > 0 { parts.append("\(left) left, to be judged next time") }
        return parts.joined(separator: ", ")
    }
}

/// Shows what comes.
private actor Hearer {
    private let asJSON: Bool
    private let showsProgress: Bool
    private var bar: (id: String, bar: ProgressBar)?

    init(asJSON: Bool, showsProgress: Bool) {
        self.asJSON = asJSON
        self.showsProgress = showsProgress
    }

    func hear(listening address: RPCAddress, _ readyFile: String?) {
        do {
            if let readyFile {
                try ReadyNotice(role: "receive", pid: getpid(), addresses: ["contact": address.description])
                    .write(to: readyFile)
            }
        } catch {
            warn("\(error)")
        }
        if !asJSON { say("waiting at \(address) to be dialled") }
    }

    func hear(_ event: ReceiveEvent) {
        switch event {
        case .progress(let id, let received, let total): progress(id, received, total)
        case .deposit(let deposit):
            endBar()
            show(deposit)
        case .receipt(let receipt):
            endBar()
            if asJSON {
                print(ReceiptLine(receipt: receipt))
            } else {
                say("\(receipt.recipient) has \(receipt.id), since \(time(receipt.acknowledgedAtMs))")
            }
        case .refused(let id, let reason):
            endBar()
            warn("refused \(id): \(reason)")
        case .left(let reason): warn("left for the next time: \(reason)")
        case .reconnecting(let reason, let pause): warn("\(reason); connecting again in \(milliseconds(pause)) ms")
        case .caughtUp: break
        }
    }

    private func show(_ deposit: ReceivedDeposit) {
        if asJSON { return print(deposit) }
        say(
            """
            \(size(Int64(clamping: deposit.bytes))) of \(deposit.mediaType) from \(deposit.sender) \
            (\(deposit.senderProof.rawValue))\(deposit.isRepeat ? ", perhaps shown before" : "")
              id      \(deposit.id)
              sent    \(time(deposit.createdAtMs))
              sha256  \(deposit.sha256)
              file    \(deposit.path)
            """)
    }

    private func print(_ object: some Encodable) {
        do { try printJSON(object) } catch { warn("\(error)") }
    }

    private func progress(_ id: String, _ received: UInt64, _ total: UInt64) {
        guard showsProgress, total > 1 << 20 else { return }
        if bar?.id != id {
            endBar()
            bar = (id, ProgressBar(String(id.prefix(8)), total: Int64(clamping: total)))
        }
        bar?.bar.update(Int64(clamping: received))
    }

    private func endBar() {
        bar?.bar.finish()
        bar = nil
    }
}

/// What `receive --json` prints for a delivery receipt.
private struct ReceiptLine: Encodable {
    let receipt: DeliveryReceipt
}
