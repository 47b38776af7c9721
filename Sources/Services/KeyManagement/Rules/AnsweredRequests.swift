import Primitives

/// The requests that verified, with their answers, by CSB ID and user, so that the same octets get the same answer and others
/// are refused (docs/protocol.md choice 17). Bounded: the oldest are forgotten first. A forgotten request that comes again is
/// answered again, with the same octets.
package struct AnsweredRequests {
    /// What is known of a request that has just verified.
    package enum Standing: Equatable {
        /// Nothing: it is remembered from now on.
        case new
        /// It is a repeat of one that is still being answered.
        case underway
        /// It is a repeat; the answer.
        case answered([UInt8])
        /// Its CSB ID is that of another request.
        case other
    }

    private struct Key: Hashable {
        let csbID: UInt32
        let account: Int64
    }

    private struct Entry {
        let digest: [UInt8]
        let expires: UTCTime
        var answer: [UInt8]?
    }

    private static let overhead = 128

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    /// In the order they came, from `oldest` on. Keys stay here after their entries were forgotten.
    private var order: [Key] = []
    private var oldest = 0
    private var octetCount = 0

    /// Remembers so many octets, a request counting as its answer and 128 more.
    package init(octetLimit: Int) { limit = octetLimit }

    /// How many requests are remembered.
    package var count: Int { entries.count }

    /// Looks a request up, and remembers it where it is new.
    package mutating func begin(
        csbID: UInt32, account: Int64, digest: [UInt8], expires: UTCTime, now: UTCTime
    ) -> Standing {
        let key = Key(csbID: csbID, account: account)
        if let entry = entries[key], entry.expires > now {
            guard entry.digest == digest else { return .other }
            return entry.answer.map { .answered($0) } ?? .underway
        }
        forget(key)
        forgetOldest(now)
        entries[key] = Entry(digest: digest, expires: expires)
        order.append(key)
        octetCount += Self.overhead
        return .new
    }

    /// Remembers the answer.
    package mutating func finish(csbID: UInt32, account: Int64, digest: [UInt8], answer: [UInt8]) {
        let key = Key(csbID: csbID, account: account)
        guard let entry = entries[key], entry.digest == digest, entry.answer == nil else { return }
        entries[key]?.answer = answer
        octetCount += answer.count
    }

    /// Forgets a request that was refused: it leaves no state.
    package mutating func abandon(csbID: UInt32, account: Int64, digest: [UInt8]) {
        let key = Key(csbID: csbID, account: account)
        if entries[key]?.digest == digest { forget(key) }
    }

    private mutating func forget(_ key: Key) { octetCount -= entries.removeValue(forKey: key)?.answer?.count ?? 0 }

    private mutating func forgetOldest(_ now: UTCTime) {
        while oldest < order.count {
            let key = order[oldest]
            if let entry = entries[key], entry.expires > now, octetCount <= limit { break }
            forget(key)
            octetCount -= Self.overhead
            oldest += 1
        }
        guard oldest > order.count / 2 else { return }
        order.removeFirst(oldest)
        oldest = 0
    }
}
