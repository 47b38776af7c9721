import Foundation
import Primitives

/// What a log says that there is: mail that waits, and streams that are open. Read from the records alone, by docs/log.md, and not by
/// the fold that is under test. Pure.
package struct LogState: Sendable, Equatable {
    /// Keys of deposits whose last record is an envelope.
    package private(set) var waiting: Set<[UInt8]> = []
    /// Streams that a front said it holds and did not say later that they are closed, by the URI of whose they are.
    package private(set) var open: [String: Set<[UInt8]>] = [:]

    /// An empty log.
    package init() {}

    /// Takes the next record of the envelopes topic.
    package mutating func takeEnvelope(key: [UInt8]?, value: [UInt8]?) {
        // Ticks and the log's name have shorter keys.
        guard let key, key.count > 16 else { return }
        if value == nil { waiting.remove(key) } else { waiting.insert(key) }
    }

    private struct Renewal: Decodable {
        struct Stream: Decodable {
            let entity, stream: String
        }
        let open, closed: [Stream]?
    }

    /// Takes the next record of the presence topic.
    package mutating func takePresence(value: [UInt8]?) {
        guard let value, let renewal = try? JSONDecoder().decode(Renewal.self, from: Data(value)) else { return }
        for stream in renewal.open ?? [] {
            guard let id = octets(hexadecimal: stream.stream) else { continue }
            open[stream.entity, default: []].insert(id)
        }
        for stream in renewal.closed ?? [] {
            guard let id = octets(hexadecimal: stream.stream) else { continue }
            open[stream.entity]?.remove(id)
        }
    }

    /// Whose mail waits: the mailbox is what follows the id in a key.
    var mailboxesWithMail: Set<String> { Set(waiting.map { String(decoding: $0.dropFirst(16), as: UTF8.self) }) }
}
