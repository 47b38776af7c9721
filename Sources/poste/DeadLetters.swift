import Foundation
import Mailbox
import Primitives

extension Command {
    /// `poste dead-letters`
    static let deadLetters = Command(
        name: "dead-letters", summary: "shows what could not be processed, and replays it", synopsis: "[LETTER...]",
        words: 0...1000,
        discussion: """
            A record that cannot be processed stops nothing: it is set aside with its place and the reason. Without words this
            lists such records; a word such as 3/17, from the list, shows that one whole. With --replay they are appended again
            to the topic and partition that they came from, once what was wrong has been mended. What fails again becomes
            another dead letter, which says so. The topic remembers replays: nothing is replayed twice unawares.

            The cluster may run meanwhile. Values are ciphertext or presence; they are described, and shown with --content.
            """,
        examples: [
            ("poste dead-letters", "lists those of the cluster in ~/.poste/dev"),
            ("poste dead-letters --kafka broker1:9092 --json", "a JSON object for each, of a cluster on Kafka"),
            ("poste dead-letters 3/17", "shows one: reason, place, key, value"),
            ("poste dead-letters --replay 3/17 3/18", "sends two on their way again"),
            ("poste dead-letters --replay --all", "and everything that was not replayed yet"),
        ],
        options: [
            Option("replay", .flag, "append the records again to where they came from"),
            Option("all", .flag, "with --replay: all that were not replayed yet"),
            Option("again", .flag, "with --replay: also what was replayed before"),
            Option("content", .flag, "show values too, in hexadecimal digits"), .partition,
        ] + Option.operatorLog + [.json],
        run: { arguments in
            guard arguments.has("replay") || !(arguments.has("all") || arguments.has("again")) else {
                throw arguments.usage("--all and --again go with --replay")
            }
            let letters = try arguments.words.map(arguments.letter)
            if arguments.has("replay"), letters.isEmpty != arguments.has("all") {
                throw arguments.usage("--replay takes letters such as 3/17, or --all")
            }
            let (log, close) = try await arguments.openLog(component: "dead-letters")
            let command = DeadLetterCommand(arguments: arguments, log: log)
            do {
                if arguments.has("replay") {
                    try await command.replay(letters)
                } else if letters.isEmpty {
                    try await command.list()
                } else {
                    for letter in letters { try await command.show(letter) }
                }
            } catch {
                await close()
                throw error
            }
            await close()
        })
}

/// A dead letter as people name it.
private struct LetterName {
    let partition: Int
    let offset: UInt64
}

extension Arguments {
    fileprivate func letter(_ word: String) throws -> LetterName {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let partition = Int(parts[0]), partition >= 0, let offset = UInt64(parts[1]) else {
            throw usage("a dead letter is named PARTITION/OFFSET, such as 3/17, not \(word)")
        }
        return LetterName(partition: partition, offset: offset)
    }
}

private struct DeadLetterCommand {
    let arguments: Arguments
    let log: any MailLog

    private var office: DeadLetterOffice { DeadLetterOffice(log) }
    private var isJSON: Bool { arguments.has("json") }

    func list() async throws {
        var count = 0
        for partition in try arguments.partitions(of: log) {
            for entry in try await office.entries(of: partition) {
                if isJSON {
                    try printJSON(DeadLetterLine(entry))
                } else {
                    if count == 0 { say(row("LETTER", "SINCE", "CAME FROM", "SIZE", "REASON")) }
                    say(row(entry))
                }
                count += 1
            }
        }
        if count == 0, !isJSON { say("no dead letters") }
    }

    private func row(_ entry: DeadLetterEntry) -> String {
        let octets = entry.cutFrom ?? (entry.key?.count ?? 0) + (entry.valueOctets ?? 0)
        let notes = [
            entry.replayOf.map { "a replay of \($0)" }, entry.state == .waiting ? nil : entry.state.text,
        ].compactMap { $0 }
        let reason = String(entry.fault.prefix(160)) + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
        return row(entry.name, "\(entry.writtenAt)", entry.placeText, size(Int64(octets)), reason)
    }

    private func row(_ columns: String...) -> String {
        zip(columns, [9, 25, 26, 9, 0]).map { $0.padded($1) }.joined(separator: " ")
    }

    func show(_ name: LetterName) async throws {
        guard name.partition < log.partitionCount,
            let (entry, record) = try await office.letter(name.offset, of: name.partition)
        else { throw CommandFailure(.unknownName, ReplayFault.noSuchLetter.description) }
        let shown = record.value.flatMap { try? Outline($0) }
        if isJSON {
            try printJSON(
                DeadLetterLine(
                    entry, headers: record.headers, outline: shown,
                    value: arguments.has("content") ? record.value : nil))
            return
        }
        say("letter   \(entry.name), since \(entry.writtenAt)" + (entry.replayOf.map { ", a replay of \($0)" } ?? ""))
        say("reason   \(entry.fault)")
        say("from     \(entry.placeText)" + (entry.place.map { ", taken \($0.time)" } ?? ""))
        say("state    \(entry.state.text)")
        if let octets = entry.cutFrom { say("cut      \(octets) octets were too many to keep") }
        say("key      \(record.key.map(described) ?? "none")")
        for header in record.headers { say("header   \(header.name.debugDescription): \(described(header.value))") }
        guard let value = record.value else { return say("value    none") }
        say("value    \(value.count) octets, SHA-256 \(hexadecimal(HashFunction.sha256.hash(value)))")
        shown?.lines.forEach { say("         \($0)") }
        if arguments.has("content") { say("content  \(hexadecimal(value))") }
    }

    /// Octets as hexadecimal digits, and as text where they are printable.
    private func described(_ octets: [UInt8]) -> String {
        guard !octets.isEmpty else { return "empty" }
        let shown = octets.prefix(600)
        let isText = shown.allSatisfy { (0x20...0x7e).contains($0) }
        return "\(octets.count) octets, \(hexadecimal(shown))" + (octets.count > shown.count ? "…" : "")
            + (isText ? " (\(String(decoding: shown, as: UTF8.self)))" : "")
    }

    func replay(_ names: [LetterName]) async throws {
        var names = names
        if arguments.has("all") {
            for partition in try arguments.partitions(of: log) {
                let entries = try await office.entries(of: partition)
                names += entries.filter { $0.isReplayable(again: arguments.has("again")) }
                    .map { LetterName(partition: $0.partition, offset: $0.offset) }
            }
        }
        var failures: [ReplayFault] = []
        for name in names {
            let letter = "\(name.partition)/\(name.offset)"
            do {
                guard name.partition < log.partitionCount else { throw ReplayFault.noSuchLetter }
                let offset = try await office.replay(
                    name.offset, of: name.partition, again: arguments.has("again"), now: wallClock(),
                    random: SystemRandom())
                if isJSON {
                    try printJSON(Replayed(letter: letter, offset: offset))
                } else {
                    say("\(letter) is replayed: it has offset \(offset) now")
                }
            } catch let fault as ReplayFault {
                failures.append(fault)
                warn("\(letter): \(fault)")
            }
        }
        if names.isEmpty, !isJSON { say("nothing to replay") }
        guard let first = failures.first else { return }
        throw CommandFailure(
            first == .noSuchLetter ? .unknownName : .data, "\(failures.count) of \(names.count) not replayed")
    }

    private struct Replayed: Encodable { let letter: String, offset: UInt64 }
}

extension DeadLetterEntry {
    fileprivate var placeText: String {
        place.map { "\($0.topic.name)/\($0.partition) \($0.offset)" } ?? "nowhere"
    }

    fileprivate func isReplayable(again: Bool) -> Bool {
        place != nil && cutFrom == nil && (state == .waiting || again)
    }
}

extension DeadLetterEntry.State {
    fileprivate var text: String {
        switch self {
        case .waiting: "not replayed"
        case .begun(let at): "a replay begun \(at), end unknown"
        case .replayed(let at, let offset): "replayed \(at) as \(offset)"
        }
    }
}

/// What `--json` prints of a dead letter.
private struct DeadLetterLine: Encodable {
    struct Header: Encodable { let name: String, value: String }

    let letter: String
    let since: String
    let fault: String
    let topic: String?
    let partition: Int
    let offset: UInt64?
    let time: String?
    let key: String?
    let valueOctets: Int?
    let wholeOctets: Int?
    let replayOf: String?
    let state: String
    let replayedAt: String?
    let replayedOffset: UInt64?
    let headers: [Header]?
    let outline: Outline?
    let value: String?

    private enum CodingKeys: String, CodingKey {
        case letter, since, fault, topic, partition, offset, time, key, state, headers, outline, value
        case valueOctets = "value_octets"
        case wholeOctets = "whole_octets"
        case replayOf = "replay_of"
        case replayedAt = "replayed_at"
        case replayedOffset = "replayed_offset"
    }

    init(
        _ entry: DeadLetterEntry, headers: [LogRecord.Header]? = nil, outline: Outline? = nil, value: [UInt8]? = nil
    ) {
        letter = entry.name
        since = "\(entry.writtenAt)"
        fault = entry.fault
        topic = entry.place?.topic.name
        partition = entry.partition
        offset = entry.place?.offset
        time = entry.place.map { "\($0.time)" }
        key = entry.key.map { hexadecimal($0) }
        valueOctets = entry.valueOctets
        wholeOctets = entry.cutFrom
        replayOf = entry.replayOf
        switch entry.state {
        case .waiting: (state, replayedAt, replayedOffset) = ("waiting", nil, nil)
        case .begun(let at): (state, replayedAt, replayedOffset) = ("begun", "\(at)", nil)
        case .replayed(let at, let offset): (state, replayedAt, replayedOffset) = ("replayed", "\(at)", offset)
        }
        self.headers = headers?.map { Header(name: $0.name, value: hexadecimal($0.value)) }
        self.outline = outline
        self.value = value.map { hexadecimal($0) }
    }
}
