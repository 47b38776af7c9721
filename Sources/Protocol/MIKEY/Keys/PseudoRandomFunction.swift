import Primitives

/// PRF(inkey, label) of RFC 3830 section 4.1.2, and of RFC 6043 section 6.1 with HMAC-SHA-256.
struct PseudoRandomFunction {
    let hash: HashFunction

    /// The blocks of 256 bits that inkey is cut into, for either hash.
    private static let blockOctetCount = 32

    /// The `count` leftmost octets of P(s_1, label) XOR … XOR P(s_n, label), s_i being inkey's blocks.
    func callAsFunction(_ inkey: SecretBytes, label: [UInt8], count: Int) -> SecretBytes {
        let blocks = stride(from: 0, to: inkey.count, by: Self.blockOctetCount).map { start in
            p(inkey[start..<min(start + Self.blockOctetCount, inkey.count)], label: label, count: count)
        }
        return SecretBytes(count: count) { output in
            for block in blocks {
                block.withUnsafeBytes { block in
                    for index in 0..<count { output[index] ^= block[index] }
                }
            }
        }
    }

    /// P(s, label, m) = HMAC(s, A_1 || label) || HMAC(s, A_2 || label) || …,
    /// with A_0 = label, A_i = HMAC(s, A_(i-1)).
    private func p(_ s: SecretBytes, label: [UInt8], count: Int) -> SecretBytes {
        var parts: [SecretBytes] = []
        var a = label
        for _ in stride(from: 0, to: count, by: hash.octetCount) {
            a = HMAC.code(hash, key: s, a)
            parts.append(HMAC.secretCode(hash, key: s, a + label))
        }
        return SecretBytes.concatenating(parts)
    }
}
