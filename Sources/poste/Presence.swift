import Foundation
import IdentityBasedEncryption
import Mailbox
import MailboxClient

extension Command {
    static let presence = Command(
        name: "presence", summary: "tells the cluster that somebody can be reached, or no more; or shows who does",
        synopsis: "[FILE | -]", words: 0...1,
        discussion: """
            Publishes presence events: one, from the options, or those of a file of JSON lines with the
            names of PIDF (RFC 3863), such as
              {"entity": "sip:bob@example.com", "basic": "open", "contact": "192.0.2.7:5150"}

            The cluster dials the contact that an event names, so not everybody may publish one. Who has
            a profile here speaks for himself: he proves who he is to his mailbox, through a front. An
            operator writes for everybody, straight to the presence topic: with --kafka, or with --cluster
            on the machine of an embedded store. With neither it is the profile of the one whom an event is
            about, and where he has none here the store of --home.

            A pattern is many users' events at a rate, which an operator writes: flap (users at random come and go), storm (all
            come, then all go, and so on) or diurnal (a day's rise and fall within --duration). With --follow an operator sees
            what comes into the topic, live, from whomever.
            """,
        examples: [
            (
                "poste presence --entity sip:bob@example.com --basic open --contact 192.0.2.7:5150",
                "Bob can be dialled there"
            ),
            ("poste presence --kafka broker1:9092 events.jsonl", "writes all events of a file to the topic"),
            (
                "poste presence --kafka broker1:9092 --pattern flap --users 10000 --rate 500",
                "500 events a second of 10,000 users"
            ),
            ("poste presence --kafka broker1:9092 --follow", "shows events as they come"),
        ],
        options: [
            Option("entity", .value("URI"), "who; with --follow: nobody else"),
            Option("basic", .value("STATE"), "open or closed", default: "open"),
            Option("contact", .value("HOST:PORT"), "where the mailbox may dial"),
            .kafka, .kafkaOption,
            Option("cluster", .value("FOLDER"), "the folder of a cluster with an embedded store"),
        ] + PresenceInjection.options + PresenceFollower.options + Option.user,
        run: { arguments in
            if arguments.has("follow") { return try await follow(arguments) }
            if arguments.value("pattern") != nil { return try await inject(arguments) }
            try await publish(arguments)
        })

    private struct Report: Encodable { let accepted: Int }

    private static func publish(_ arguments: Arguments) async throws {
        let events = try arguments.events()
        let isOperator = arguments.value("kafka") != nil || arguments.value("cluster") != nil
        let accepted = isOperator ? try await append(events, arguments) : try await publish(events, arguments)
        if arguments.has("json") {
            try printJSON(Report(accepted: accepted))
        } else {
            say("\(accepted) event\(accepted == 1 ? "" : "s") accepted")
        }
    }

    /// Straight into the topic, the events of each partition in their order.
    private static func append(_ events: [PresenceEvent], _ arguments: Arguments) async throws -> Int {
        try await withLog(arguments) { try await $0.append(events) }
        return events.count
    }

    private static func withLog<Value>(
        _ arguments: Arguments, _ work: (any MailLog) async throws -> Value
    ) async throws -> Value {
        let (log, close) = try await arguments.openLog(component: "presence")
        let result: Result<Value, any Error>
        do {
            result = .success(try await work(log))
        } catch {
            result = .failure(error)
        }
        await close()
        return try result.get()
    }

    private static func inject(_ arguments: Arguments) async throws {
        guard arguments.words.isEmpty, arguments.value("entity") == nil else {
            throw arguments.usage("a pattern, a file or --entity: one of them")
        }
        let injection = try PresenceInjection(arguments)
        let report = try await withLog(arguments) { try await injection.run(into: $0) }
        if arguments.has("json") { return try printJSON(report) }
        say(report.description)
    }

    private static func follow(_ arguments: Arguments) async throws {
        guard arguments.words.isEmpty, arguments.value("pattern") == nil else {
            throw arguments.usage("--follow publishes nothing: leave the events out")
        }
        let limit = try arguments.seconds("duration", default: 0)
        try await withLog(arguments) { log in
            let follower = try PresenceFollower(log, arguments)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await follower.run() }
                group.addTask { await StopSignal.wait() }
                if limit > 0 { group.addTask { try await Task.sleep(for: .seconds(limit)) } }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    /// Each event by the profile of the one it is about; by the store of this machine where there is none.
    private static func publish(_ events: [PresenceEvent], _ arguments: Arguments) async throws -> Int {
        var accepted = 0
        let byEntity = Dictionary(grouping: events, by: \.entity)
        for (entity, events) in byEntity.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let isOwn = arguments.value("profile") != nil || Profile.find(entity, home: arguments.homePath) != nil
            if !isOwn, FileManager.default.fileExists(atPath: arguments.homePath + "/dev/store.sqlite") {
                accepted += try await append(events, arguments)
                continue
            }
            guard isOwn else {
                throw CommandFailure(
                    .unknownName,
                    "\(entity) has no profile here to speak for himself; an operator writes with --kafka or --cluster")
            }
            var configuration = MailboxClient.Configuration()
            configuration.retryBudget = try arguments.retryBudget
            configuration.observe = Narrator(tellsSteps: false).tell
            let client = MailboxClient(try arguments.openProfile(of: entity), configuration)
            accepted += try await client.publish(events)
        }
        return accepted
    }
}

extension Arguments {
    fileprivate func events() throws -> [PresenceEvent] {
        if let entity = try identity("entity") {
            guard words.isEmpty else { throw usage("either --entity or a file") }
            let basic = value("basic") ?? "open"
            guard ["open", "closed"].contains(basic) else { throw usage("--basic takes open or closed, not \(basic)") }
            do {
                return [try PresenceEvent(entity: entity, isOpen: basic == "open", contact: value("contact"))]
            } catch {
                throw usage("--contact: \(error)")
            }
        }
        guard let word = words.first else { throw usage("say who with --entity URI, or give a file of events") }
        let octets = try OpenFile(word == "-" ? "/dev/stdin" : word, O_RDONLY).readNext(64 << 20)
        let lines = octets.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.enumerated().compactMap { index, line in
            guard line.contains(where: { $0 > 0x20 }) else { return nil }
            do {
                return try PresenceEvent(json: Array(line))
            } catch {
                throw CommandFailure(.data, "\(word), line \(index + 1): \(error)")
            }
        }
    }
}
