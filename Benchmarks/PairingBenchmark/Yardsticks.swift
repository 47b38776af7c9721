import CGMP
import COpenSSL
import SupersingularPairing

/// What a modular product costs on this machine in other people's code: times are compared with these, taken in the same run.
///
/// The pointers are what GMP and OpenSSL work on.
struct Yardsticks {
    /// A Montgomery product from GMP's public mpn functions, as one writes it down first.
    let gmp: Double
    /// OpenSSL's BN_mod_mul_montgomery.
    let openSSL: Double

    init(modulus: Natural, _ measure: Measure) {
        gmp = Self.gmpProduct(modulus, measure)
        openSSL = Self.openSSLProduct(modulus, measure)
    }

    private static func gmpProduct(_ modulus: Natural, _ measure: Measure) -> Double {
        let n = (modulus.bitCount + 63) / 64
        let memory = UnsafeMutablePointer<mp_limb_t>.allocate(capacity: 5 * n)
        defer { memory.deallocate() }
        for index in 0..<5 * n { memory[index] = 0x9e37_79b9_7f4a_7c15 &* mp_limb_t(index + 1) }
        let (a, b, p, t) = (memory, memory + n, memory + 2 * n, memory + 3 * n)
        for (index, octet) in modulus.octets(count: 8 * n).reversed().enumerated() {
            if index % 8 == 0 { p[index / 8] = 0 }
            p[index / 8] |= mp_limb_t(octet) << (index % 8 * 8)
        }
        // -1/p mod 2^64
        var inverse = p[0]
        for _ in 0..<5 { inverse = inverse &* (2 &- p[0] &* inverse) }
        inverse = 0 &- inverse
        return measure.nanoseconds {
            __gmpn_mul_n(t, a, b, n)
            for index in 0..<n { t[index] = __gmpn_addmul_1(t + index, p, n, t[index] &* inverse) }
            if __gmpn_add_n(a, t + n, t, n) != 0 || __gmpn_cmp(a, p, n) >= 0 { _ = __gmpn_sub_n(a, a, p, n) }
        }
    }

    private static func openSSLProduct(_ modulus: Natural, _ measure: Measure) -> Double {
        let octets = modulus.octets(count: modulus.octetCount)
        let context = BN_CTX_new()
        let p = BN_bin2bn(octets, Int32(octets.count), nil)
        let (a, b) = (BN_new(), BN_new())
        let montgomery = BN_MONT_CTX_new()
        defer {
            BN_MONT_CTX_free(montgomery)
            for number in [p, a, b] { BN_free(number) }
            BN_CTX_free(context)
        }
        BN_MONT_CTX_set(montgomery, p, context)
        BN_rand_range(a, p)
        BN_rand_range(b, p)
        return measure.nanoseconds { BN_mod_mul_montgomery(a, a, b, montgomery, context) }
    }
}
