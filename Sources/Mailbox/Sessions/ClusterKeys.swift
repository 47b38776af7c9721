import Primitives

/// The keys of a cluster, old ones first: what seals now, what still opens, and what may be forgotten.
///
/// A key begins to seal at a moment of its own, so that every front can be given it before. From then on the one before
/// it only opens, and two days later it is forgotten: nothing that it sealed lives any more.
public struct ClusterKeys: Sendable, Equatable {
    /// One of the keys.
    public struct Entry: Sendable, Equatable {
        /// The id that stands in front of what it seals; later keys have higher ones.
        public let id: UInt32
        /// When it begins to seal.
        public let sealsFrom: UTCTime
        /// The key, 32 octets.
        public let secret: SecretBytes

        /// What tells keys apart without telling them: the first 8 octets of SHA-256(f("poste cluster key v1") || secret),
        /// hexadecimal.
        public var fingerprint: String {
            var octets: [UInt8] = []
            octets.append(lengthPrefixed: "poste cluster key v1".utf8)
            let hashed = SecretBytes.concatenating([SecretBytes(octets), secret])
            return hexadecimal(hashed.withUnsafeBytes { HashFunction.sha256.hash($0) }.prefix(8))
        }
    }

    /// How long a key is kept after another has begun to seal, in ms: two days. What is sealed lives for at most
    /// `SessionSeal.longestLifeMs`; the rest is for clocks that differ and for fronts that got the other key late.
    public static let keptMs: Int64 = 2 * 86_400_000
    /// The most keys.
    public static let countLimit = 64

    /// The keys in the order of their ids, and of when they begin to seal. There is always one.
    public private(set) var entries: [Entry]

    /// Keys that were read. The order is the caller's to have checked, and that there is one.
    init(checked entries: [Entry]) { self.entries = entries }

    /// A first key, which seals from the beginning of time. Throws what `random` throws.
    public init(random: some RandomSource = SystemRandom()) throws {
        entries = [
            Entry(
                id: 1, sealsFrom: UTCTime(milliseconds: 0),
                secret: try random.secretOctets(AES256GCM.keyOctetCount))
        ]
    }

    /// Why keys are not changed.
    public enum Fault: Error, Sendable, Hashable {
        /// There is no such key.
        case unknown(id: UInt32)
        /// No other key seals yet.
        case lastOne(id: UInt32)
        /// It may still be needed until then.
        case needed(id: UInt32, until: UTCTime)
        /// There are as many as there may be.
        case tooMany
    }

    /// The key that seals at `now`.
    public func sealing(at now: UTCTime) -> Entry { entries.last { $0.sealsFrom <= now } ?? entries[0] }

    /// Until when a key may still have to open something; none for the last one.
    public func needed(id: UInt32) -> UTCTime? {
        guard let index = entries.firstIndex(where: { $0.id == id }), index + 1 < entries.count else { return nil }
        return entries[index + 1].sealsFrom.adding(milliseconds: Self.keptMs)
    }

    /// What seals and opens at `now`.
    public func seal(at now: UTCTime) -> SessionSeal {
        SessionSeal(sealing(at: now), others: entries.filter { !isDue($0, at: now) })
    }

    /// Makes another key, which seals from then on, but not before the one before it. Throws `Fault.tooMany`, and what
    /// `random` throws.
    public mutating func rotate(sealsFrom: UTCTime, random: some RandomSource = SystemRandom()) throws -> Entry {
        let last = entries[entries.count - 1]
        guard entries.count < Self.countLimit, last.id < .max else { throw Fault.tooMany }
        let entry = Entry(
            id: last.id + 1, sealsFrom: max(sealsFrom, last.sealsFrom),
            secret: try random.secretOctets(AES256GCM.keyOctetCount))
        entries.append(entry)
        return entry
    }

    /// Forgets the keys that nothing needs any more, and gives their ids.
    public mutating func forgetDue(at now: UTCTime) -> [UInt32] {
        let due = entries.filter { isDue($0, at: now) }.map(\.id)
        entries.removeAll { due.contains($0.id) }
        return due
    }

    /// Forgets one key.
    /// - Parameter isUrgent: also where something may still need it: exchanges that it sealed begin again.
    /// - Throws: `Fault`.
    public mutating func forget(id: UInt32, at now: UTCTime, isUrgent: Bool = false) throws(Fault) {
        guard let entry = entries.first(where: { $0.id == id }) else { throw .unknown(id: id) }
        guard entry.id != sealing(at: now).id else { throw .lastOne(id: id) }
        if !isUrgent, let until = needed(id: id), now < until { throw .needed(id: id, until: until) }
        entries.removeAll { $0.id == id }
    }

    private func isDue(_ entry: Entry, at now: UTCTime) -> Bool { needed(id: entry.id).map { $0 <= now } ?? false }
}

extension ClusterKeys.Fault: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String {
        switch self {
        case .unknown(let id): "there is no cluster key \(id)"
        case .lastOne(let id): "cluster key \(id) seals: make another first, and wait until that one seals"
        case .needed(let id, let until):
            "cluster key \(id) may be needed until \(until); forgotten before, exchanges that it sealed begin again"
        case .tooMany: "\(ClusterKeys.countLimit) cluster keys are as many as there may be: rotate less often"
        }
    }
}
