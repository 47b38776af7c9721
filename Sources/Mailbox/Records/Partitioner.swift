import IdentityBasedEncryption

/// Which partition a mailbox is in: Kafka's own choice, murmur2 of the URI's octets, so that whoever produces with a
/// plain Kafka client and the URI as key hits the right one.
public enum Partitioner {
    /// The partition of a mailbox among `count` of them; `count` is at least 1.
    public static func partition(of mailbox: Identity, count: Int) -> Int {
        partition(ofKey: mailbox.octets, count: count)
    }

    /// The partition that Kafka's default partitioner gives this key: murmur2, the sign bit cleared, modulo `count`.
    public static func partition(ofKey key: [UInt8], count: Int) -> Int {
        Int(UInt32(bitPattern: murmur2(key)) & 0x7fff_ffff) % max(count, 1)
    }

    /// MurmurHash2 of 32 bits with Kafka's seed, as its Java client computes it.
    public static func murmur2(_ key: [UInt8]) -> Int32 {
        let multiplier: UInt32 = 0x5bd1_e995
        var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: key.count)
        var index = 0
        while key.count - index >= 4 {
            var word =
                UInt32(key[index]) | UInt32(key[index + 1]) << 8 | UInt32(key[index + 2]) << 16
                | UInt32(key[index + 3]) << 24
            word = word &* multiplier
            word ^= word >> 24
            word = word &* multiplier
            hash = (hash &* multiplier) ^ word
            index += 4
        }
        let rest = key[index...]
        if !rest.isEmpty {
            for (place, octet) in rest.enumerated() { hash ^= UInt32(octet) << UInt32(8 * place) }
            hash = hash &* multiplier
        }
        hash ^= hash >> 13
        hash = hash &* multiplier
        hash ^= hash >> 15
        return Int32(bitPattern: hash)
    }
}
