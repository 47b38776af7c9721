import Primitives
import SupersingularPairing

/// The supporting hash algorithms of RFC 5091 section 4, as docs/protocol.md corrects them.
package enum RFC5091Hashing {
    /// 4.1.1, HashToRange, before its last step: h_1 || h_2, whose value modulo n is the result. n may be longer than a hash.
    package static func hashToRange(_ s: SecretBytes, _ function: HashFunction) -> SecretBytes {
        let first = function.hash(.concatenating([SecretBytes(zeros(function)), s]))
        let second = function.hash(.concatenating([first, s]))
        return .concatenating([first, second])
    }

    /// 4.1.1, HashToRange of a public string: 0 ... n - 1.
    package static func hashToRange(_ s: [UInt8], modulo n: Natural, _ function: HashFunction) -> Natural {
        Natural(octets: hashToRange(SecretBytes(s), function).exposedCopy()) % n
    }

    /// 4.2.1, HashBytes: `count` octets from p. More than a hash has are allowed, and needed.
    package static func hashBytes(_ count: Int, _ p: SecretBytes, _ function: HashFunction) -> SecretBytes {
        let key = function.hash(p)
        var h = SecretBytes(zeros(function))
        var parts: [SecretBytes] = []
        for _ in 0..<(count + function.octetCount - 1) / function.octetCount {
            h = function.hash(h)
            parts.append(function.hash(.concatenating([h, key])))
        }
        return SecretBytes.concatenating(parts)[0..<count]
    }

    /// 4.4.2, HashToPoint1 steps 1 to 3: Q', a point whose order divides p + 1. Step 4, the cofactor, is the caller's.
    package static func hashToCurve(_ id: [UInt8], _ curve: TypeOneCurve, _ function: HashFunction) -> CurvePoint {
        CurvePoint(ordinate: hashToRange(id, modulo: curve.p, function), on: curve)
    }

    /// 4.4.2, HashToPoint1, and so 5.2.1, BFderivePubl: a point of order q, or nil where the identity hashes to 0.
    package static func hashToPoint(_ id: [UInt8], _ curve: TypeOneCurve, _ function: HashFunction) -> CurvePoint? {
        hashToCurve(id, curve, function).clearingCofactor
    }

    /// h_0: hashlen null octets.
    private static func zeros(_ function: HashFunction) -> [UInt8] { [UInt8](repeating: 0, count: function.octetCount) }
}
