import Primitives

/// Seals what goes into the session store: AES-256-GCM under a cluster key that rotates.
///
///     sealed = key id(4) || nonce(12) || ciphertext || tag(16)
///     associated data = f("poste session v1") || the key in the store
///
/// Bound to its key in the store, no value passes for another. `ClusterKeys` says which key seals when.
public struct SessionSeal: Sendable {
    /// A cluster key and its id.
    public struct Key: Sendable {
        /// The id that stands in front of what it sealed.
        public let id: UInt32
        /// The key, 32 octets.
        public let secret: SecretBytes

        /// A key.
        /// - Throws: `FormatError.invalid` unless it has 32 octets.
        public init(id: UInt32, secret: SecretBytes) throws(FormatError) {
            guard secret.count == AES256GCM.keyOctetCount else {
                throw .invalid(field: "cluster key", reason: "it has 32 octets")
            }
            self.id = id
            self.secret = secret
        }

        init(_ entry: ClusterKeys.Entry) {
            id = entry.id
            secret = entry.secret
        }
    }

    /// Why a sealed value does not open.
    public enum Fault: Error, Sendable, Hashable {
        /// It is not what `seal` makes.
        case malformed
        /// It was sealed under a key that this process does not have.
        case unknownKey(id: UInt32)
        /// It was altered, or belongs to another key of the store.
        case forged
    }

    /// The longest that anything sealed may live, in ms: an exchange whose T is 600 s ahead keeps its session until
    /// 600 s after that day has ended (docs/protocol.md, choices 12 and 24).
    public static let longestLifeMs: Int64 = 86_400_000 + 2 * 600_000

    private let current: Key
    private let keys: [UInt32: SecretBytes]

    /// Seals under `current` and opens what that or one of `others` sealed.
    public init(current: Key, others: [Key] = []) {
        self.current = current
        var keys = Dictionary(others.map { ($0.id, $0.secret) }, uniquingKeysWith: { first, _ in first })
        keys[current.id] = current.secret
        self.keys = keys
    }

    init(_ current: ClusterKeys.Entry, others: [ClusterKeys.Entry]) {
        self.current = Key(current)
        keys = Dictionary(
            (others + [current]).map { ($0.id, $0.secret) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether a key that is not here is older than one that is: then it was forgotten, and is not one to come.
    public func hasForgotten(keyID: UInt32) -> Bool { keys[keyID] == nil && keys.keys.contains { $0 > keyID } }

    /// Seals a value for a key of the store.
    /// - Throws: `CryptographyFailure`, or what `random` throws.
    public func seal(
        _ value: SecretBytes, for key: SessionKey, random: some RandomSource = SystemRandom()
    ) throws -> [UInt8] {
        let nonce = try random.octets(AES256GCM.nonceOctetCount)
        var sealed: [UInt8] = []
        sealed.append(bigEndian: current.id)
        sealed.append(contentsOf: nonce)
        sealed.append(
            contentsOf: try AES256GCM.seal(
                value, key: current.secret, nonce: nonce, associatedData: Self.associatedData(key)))
        return sealed
    }

    /// Opens a value of a key of the store.
    /// - Throws: `Fault`.
    public func open(_ sealed: [UInt8], for key: SessionKey) throws(Fault) -> SecretBytes {
        var reader = ByteReader(sealed)
        guard let id = try? reader.uint32(), let nonce = try? reader.octets(AES256GCM.nonceOctetCount),
            let rest = try? reader.octets(reader.remaining)
        else { throw .malformed }
        guard let secret = keys[id] else { throw .unknownKey(id: id) }
        do {
            return try AES256GCM.open(
                rest, key: secret, nonce: Array(nonce), associatedData: Self.associatedData(key))
        } catch {
            throw .forged
        }
    }

    private static func associatedData(_ key: SessionKey) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(lengthPrefixed: "poste session v1".utf8)
        return octets + key.octets
    }
}

extension SessionSeal.Fault: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String {
        switch self {
        case .malformed: "the session store holds something that is not a sealed value"
        case .unknownKey(let id): "sealed under cluster key \(id), which this process does not have; give it that key"
        case .forged:
            "a sealed value of the session store was altered or moved, or two fronts have other keys under one id: compare "
                + "'poste cluster-key list' on their machines"
        }
    }
}
