import Foundation
import Mailbox
import MailboxClient

extension Command {
    static let presence = Command(
        name: "presence", summary: "tells the cluster that somebody can be reached, or no more",
        synopsis: "[FILE | -]", words: 0...1,
        discussion: """
            Publishes presence events through a front: one, from the options, or those of a file of JSON
            lines with the names of PIDF (RFC 3863), such as
              {"entity": "sip:bob@example.com", "basic": "open", "contact": "192.0.2.7:5150"}
            With --kafka and no --front they go straight to the topic, as from any other client of Kafka.
            """,
        examples: [
            (
                "poste presence --entity sip:bob@example.com --basic open --contact 192.0.2.7:5150",
                "Bob can be dialled there"
            ),
            ("poste presence events.jsonl", "publishes all events of a file"),
            ("poste presence --kafka broker1:9092 events.jsonl", "the same, past the fronts"),
        ],
        options: [
            Option("entity", .value("URI"), "who"),
            Option("basic", .value("STATE"), "open or closed", default: "open"),
            Option("contact", .value("HOST:PORT"), "where the mailbox may dial"),
            .home, .front, .roots, .endpoints, .kafka, .kafkaOption, .retryFor, .json,
        ],
        run: publish)

    private struct Report: Encodable { let accepted: Int }

    @Sendable private static func publish(_ arguments: Arguments) async throws {
        let events = try arguments.events()
        let accepted =
            if arguments.value("kafka") != nil, arguments.values("front").isEmpty {
                try await append(events, arguments)
            } else {
                try await MailboxClient.publish(
                    events, through: try arguments.frontEndpoints(), retryBudget: try arguments.retryBudget,
                    observe: Narrator(tellsSteps: false).tell)
            }
        if arguments.has("json") {
            try printJSON(Report(accepted: accepted))
        } else {
            say("\(accepted) event\(accepted == 1 ? "" : "s") accepted")
        }
    }

    /// Straight into the topic, the events of each partition in their order.
    private static func append(_ events: [PresenceEvent], _ arguments: Arguments) async throws -> Int {
        let (log, close) = try await arguments.openLog(component: "presence")
        let parts = Dictionary(grouping: events) { Partitioner.partition(of: $0.entity, count: log.partitionCount) }
        do {
            for (partition, events) in parts {
                var rest = events.map { PresenceRecord.event($0).record }[...]
                while !rest.isEmpty {
                    _ = try await log.append(Array(rest.prefix(500)), to: .presence, partition: partition)
                    rest = rest.dropFirst(500)
                }
            }
        } catch {
            await close()
            throw error
        }
        await close()
        return events.count
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

    fileprivate func frontEndpoints() throws -> EndpointSource {
        let fronts = values("front")
        guard !fronts.isEmpty, let roots = value("roots") else {
            guard fronts.isEmpty, value("roots") == nil else { throw usage("--front and --roots belong together") }
            return .file(endpointsPath)
        }
        let pem = try OpenFile(roots, O_RDONLY).readNext(1 << 20)
        return .fixed(Endpoints(kms: "", fronts: fronts, roots: String(decoding: pem, as: UTF8.self)))
    }
}
