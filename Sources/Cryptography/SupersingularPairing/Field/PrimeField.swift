import CFieldArithmetic

/// F_p for an odd p of at most 3840 bits.
///
/// `@unchecked`: the constants lie behind a pointer, as the C kernels take them, and are written only before `init` returns.
package final class PrimeField: @unchecked Sendable {
    /// The largest p in bits: that of RFC 5091's level 7680.
    package static let maximumBitCount = Int(FA_MAX_LIMBS) * 64

    package let modulus: Natural
    /// Limbs of an element.
    let limbCount: Int
    /// Octets of an element as RFC 5091's Canonical writes it: Ceiling(lg(p) / 8).
    package let octetCount: Int
    let constants: UnsafeMutablePointer<fa_field>

    /// The modulus is odd and of 2 to `maximumBitCount` bits.
    init(modulus: Natural) {
        precondition(modulus.bit(0) && (2...Self.maximumBitCount).contains(modulus.bitCount), "odd, 2 to 3840 bits")
        self.modulus = modulus
        limbCount = modulus.limbs.count
        octetCount = modulus.octetCount
        constants = .allocate(capacity: 1)
        fa_field_init(constants, modulus.limbs, Int32(limbCount))
    }

    deinit { constants.deallocate() }
}
