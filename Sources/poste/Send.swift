import Foundation
import IdentityBasedEncryption
import Mailbox
import MailboxClient
import Observability
import Primitives

extension Command {
    static let send = Command(
        name: "send", summary: "leaves a file or a text for somebody", synopsis: "--to URI [FILE... | -]",
        words: 0...10_000,
        discussion: """
            Encrypts each file from end to end and leaves it in the recipient's mailbox; returns when the
            mailbox has it durably. What breaks on the way is sent again, so that it is there once. Several
            files to one recipient keep their order.
            """,
        examples: [
            (
                "poste send --from sip:alice@example.com --to sip:bob@example.com hello.wav",
                "leaves a recording for Bob"
            ),
            ("poste send --to sip:bob@example.com --text 'call me' --receipt", "asks to be told when Bob has it"),
            (
                "tar c photos | poste send --to sip:bob@example.com --media-type application/x-tar -",
                "sends what a pipe brings"
            ),
        ],
        options: [
            Option("to", .values("URI"), "for whom; may be given again"),
            Option("from", .value("URI"), "who sends", default: "the only identity enrolled here"),
            Option("text", .value("TEXT"), "sends this text instead of a file"),
            Option("media-type", .value("TYPE"), "the media type", default: "by the file's name"),
            Option("lifetime", .value("TIME"), "how long it may wait, such as 12h or 7d", default: "7d"),
            Option("receipt", .flag, "ask to be told when the recipient has it; 'poste receive' brings the answer"),
            Option("change-fronts", .flag, "send the second message of the handshake to another front than the first"),
            Option("trace", .flag, "tell each message of the protocol on standard error"),
        ] + Option.tracing + Option.user,
        run: send)

    @Sendable private static func send(_ arguments: Arguments) async throws {
        let recipients = try arguments.values("to").map { try arguments.identity($0, what: "--to") }
        guard !recipients.isEmpty else {
            throw arguments.usage("--to says for whom: a URI such as sip:bob@example.com")
        }
        let (profile, sender) = try arguments.openProfile(as: "from")
        let contents = try arguments.contents(spoolingIn: profile.folder)
        let steps = StepLog(Narrator(tellsSteps: arguments.has("trace")))
        var configuration = MailboxClient.Configuration()
        configuration.retryBudget = try arguments.retryBudget
        configuration.changesFronts = arguments.has("change-fronts")
        configuration.observe = steps.note
        let client = MailboxClient(profile, configuration)
        let tracing = try arguments.tracing("send", metrics: MetricRegistry(), log: try arguments.log("send"))
        try await tracing.during {
            for recipient in recipients {
                try await send(
                    contents, from: sender, to: recipient, with: client, steps, tracing.tracer, arguments)
            }
        }
    }

    private static func send(
        _ contents: [Content], from sender: Identity, to recipient: Identity, with client: MailboxClient,
        _ steps: StepLog, _ tracer: Tracer, _ arguments: Arguments
    ) async throws {
        var session: SendingSession?
        for content in contents {
            var options = DepositOptions()
            options.mediaType = content.mediaType
            options.wantsReceipt = arguments.has("receipt")
            options.lifetimeSeconds = UInt32(clamping: try arguments.seconds("lifetime", default: 7 * 86_400))
            let bar = ProgressBar(
                content.source.name, total: Int64(clamping: content.source.length), isShown: arguments.showsProgress)
            let progress: @Sendable (UInt64) -> Void = { bar.update(Int64(clamping: $0)) }
            let start = ContinuousClock.now
            let (sent, used) = try await client.send(
                content.source, in: session, from: sender, to: recipient, options, progress: progress)
            if let id = octets(hexadecimal: sent.id).flatMap({ try? DepositID(octets: $0) }) {
                let trace = DepositTrace(id)
                var span = tracer.begin("send", .client, in: trace.id, id: trace.senderSpan, age: .now - start)
                span?.attributes = [("poste.deposit.id", .text(sent.id)), ("poste.attempts", LogValue(sent.attempts))]
                tracer.end(span)
            }
            session = used
            bar.finish()
            try report(sent, steps, arguments)
        }
    }

    private static func report(_ sent: SentDeposit, _ steps: StepLog, _ arguments: Arguments) throws {
        guard arguments.has("json") else {
            return say(
                """
                left \(size(Int64(clamping: sent.bytes))) of \(sent.mediaType) for \(sent.recipient)
                  id       \(sent.id)
                  sha256   \(sent.sha256)
                  receipt  \(time(sent.receivedAtMs)), from \(sent.front)
                  expires  \(time(sent.expiresAtMs))
                """)
        }
        try printJSON(SendReport(sent: sent, fronts: steps.fronts))
    }
}

/// What `send --json` prints for each deposit: the deposit, and which front served which message of its handshake.
private struct SendReport: Encodable {
    let sent: SentDeposit
    let fronts: [String: String]

    private enum CodingKeys: String, CodingKey { case fronts }

    func encode(to encoder: any Encoder) throws {
        try sent.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(fronts, forKey: .fronts)
    }
}

/// A content to be sent, with its media type.
private struct Content {
    let source: ContentSource
    let mediaType: String
}

extension Arguments {
    /// The contents that the command line names.
    fileprivate func contents(spoolingIn folder: String) throws -> [Content] {
        let given = value("media-type")
        if let text = value("text") {
            guard words.isEmpty else { throw usage("either --text or files") }
            let source = ContentSource(Array(text.utf8))
            return [Content(source: source, mediaType: given ?? "text/plain; charset=utf-8")]
        }
        guard !words.isEmpty else { throw usage("say what to send: a FILE, - for standard input, or --text TEXT") }
        return try words.map { word in
            let source =
                word == "-"
                ? try ContentSource(draining: try OpenFile("/dev/stdin", O_RDONLY), spoolingIn: folder)
                : try ContentSource(file: word)
            return Content(source: source, mediaType: given ?? MediaType.guess(fileName: word))
        }
    }

    /// Whether a person watches.
    var showsProgress: Bool { isatty(STDERR_FILENO) == 1 && !has("json") }
}
