import IdentityBasedEncryption
import Primitives

/// The private keys and public parameters that a profile keeps: the content of `keys.sealed`.
///
///     f("poste keys v1") count(4), each: f(IBESysParams)  count(4), each: f(dated identity) f(BFPrivateKeyBlock)
package struct KeyCache: Sendable {
    package static let name = "keys.sealed"
    private static let label = Array("poste keys v1".utf8)
    /// Keys of days before today that are kept; older ones can be had again from the KMS.
    private static let daysKept: Int64 = 14

    /// The parameters as RFC 5408 IBESysParams in DER, highest serial first.
    package var parameters: [[UInt8]] = []
    /// The DER of private keys by dated identity.
    package var keys: [DatedIdentity: SecretBytes] = [:]

    /// Nothing yet.
    package init() {}

    /// Reads the cache of a profile; an empty one where there is none or it is damaged, since it can be had again.
    package init(of profile: Profile) throws {
        let octets: SecretBytes?
        do {
            octets = try profile.seal.read(Self.name, in: profile.folder)
        } catch MailboxClientError.damaged {
            octets = nil
        }
        self = octets.flatMap { try? KeyCache($0) } ?? KeyCache()
    }

    private init?(_ octets: SecretBytes) throws {
        var reader = SecretReader(octets)
        guard try reader.lengthPrefixed() == Self.label else { return nil }
        for _ in 0..<(try reader.integer(UInt32.self)) { parameters.append(try reader.lengthPrefixed()) }
        for _ in 0..<(try reader.integer(UInt32.self)) {
            let identity = try DatedIdentity(octets: try reader.lengthPrefixed())
            keys[identity] = try reader.lengthPrefixedSecret()
        }
    }

    /// Adds keys and takes over parameters, drops keys of long ago, and writes the file. What another process has
    /// written meanwhile stays.
    package mutating func add(
        _ newKeys: [DatedIdentity: SecretBytes], parameters: [[UInt8]], today: UTCDay, to profile: Profile
    ) throws {
        self = try profile.locked("keys") {
            var cache = try KeyCache(of: profile)
            cache.parameters = parameters
            cache.keys.merge(newKeys) { $1 }
            cache.keys = cache.keys.filter {
                $0.key.day >= today.advanced(by: -Self.daysKept) || newKeys[$0.key] != nil
            }
            try profile.seal.write(cache.octets, to: Self.name, in: profile.folder)
            return cache
        }
    }

    private var octets: SecretBytes {
        var plain: [UInt8] = []
        plain.append(lengthPrefixed: Self.label)
        plain.append(bigEndian: UInt32(parameters.count))
        for der in parameters { plain.append(lengthPrefixed: der) }
        plain.append(bigEndian: UInt32(keys.count))
        var parts = [SecretBytes(plain)]
        for (identity, key) in keys.sorted(by: { $0.key.octets.lexicographicallyPrecedes($1.key.octets) }) {
            var head: [UInt8] = []
            head.append(lengthPrefixed: identity.octets)
            head.append(bigEndian: UInt32(key.count))
            parts += [SecretBytes(head), key]
        }
        return SecretBytes.concatenating(parts)
    }
}
