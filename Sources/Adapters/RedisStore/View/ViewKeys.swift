import IdentityBasedEncryption
import Mailbox
import Primitives

/// The keys of one partition. All carry its hash tag, `{n}`, so that a Redis Cluster keeps them on one node and scripts
/// are one step; their number is fixed, so that a view is thrown away whole. None has a time to live.
enum ViewKeys {
    /// What the keys hold, in the order that the scripts know:
    ///
    /// - `position`: string, the octets of `ViewPosition`.
    /// - `queue`: sorted set, all scores 0: length(2) of the mailbox, mailbox, offset(8), id(16), so that a mailbox's
    ///   deposits stand together in the log's order, whatever the size of an offset.
    /// - `envelopes`: hash, deposit key → envelope.
    /// - `deposits`: hash, deposit key → what the fold knows of it.
    /// - `expiry`: sorted set, all scores 0: expires(8) deposit key.
    /// - `usage`: hash, mailbox → count(8) octets(8).
    /// - `routes`: hash, mailbox → of each route its length(2), route (`ViewCoding`)
    /// - `presence`: hash, mailbox → presence.
    /// - `reachable`: sorted set, all scores 0: mailboxes with a route or a contact, expired or not.
    /// - `leases`: sorted set, by when all of it has expired: r mailbox, p mailbox.
    static let names = [
        "position", "queue", "envelopes", "deposits", "expiry", "usage", "routes", "presence", "reachable", "leases",
    ]

    static func keys(_ prefix: [UInt8], _ partition: Int) -> [[UInt8]] {
        names.map { prefix + Array("{\(partition)}:\($0)".utf8) }
    }

    /// Where a mailbox's part of the queue begins, after an offset, and ends, as ZRANGEBYLEX takes it; none where
    /// nothing can be after the offset.
    static func queueRange(_ mailbox: Identity, after offset: UInt64?) -> (from: [UInt8], to: [UInt8])? {
        var start: [UInt8] = []
        start.append(bigEndian: UInt16(mailbox.octets.count))
        start += mailbox.octets
        let end = [UInt8(ascii: "(")] + start + [UInt8](repeating: 0xff, count: 25)
        guard offset != .max else { return nil }
        start.append(bigEndian: offset.map { $0 + 1 } ?? 0)
        return ([UInt8(ascii: "[")] + start, end)
    }
}
