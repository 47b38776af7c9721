import CFieldArithmetic

/// A natural number: moduli, orders, exponents and coordinates before they become field elements.
///
/// Its operations take times that depend on the values, so it holds public numbers; secret scalars are `Scalar`.
package struct Natural: Sendable, Hashable, Comparable {
    /// Limbs of 64 bits, least significant first; the last is not 0.
    let limbs: [UInt64]

    init(limbs: some Sequence<UInt64>) {
        var limbs = Array(limbs)
        while limbs.last == 0 { limbs.removeLast() }
        self.limbs = limbs
    }

    package init(_ value: UInt64) { self.init(limbs: [value]) }

    /// Reads big-endian octets.
    package init(octets: some BidirectionalCollection<UInt8>) { self.init(limbs: limbs64(bigEndian: octets)) }

    /// 2^exponent.
    package static func powerOfTwo(_ exponent: Int) -> Natural {
        var limbs = [UInt64](repeating: 0, count: exponent / 64 + 1)
        limbs[exponent / 64] = 1 << (exponent % 64)
        return Natural(limbs: limbs)
    }

    package var isZero: Bool { limbs.isEmpty }

    /// The number of bits without leading zeros; 0 for 0.
    package var bitCount: Int { limbs.isEmpty ? 0 : limbs.count * 64 - limbs[limbs.count - 1].leadingZeroBitCount }

    /// The number of octets without leading zeros; 0 for 0.
    package var octetCount: Int { (bitCount + 7) / 8 }

    package func bit(_ index: Int) -> Bool {
        index / 64 < limbs.count && limbs[index / 64] >> (index % 64) & 1 == 1
    }

    /// Big-endian octets with as many leading zeros as `count` asks for. The number fits.
    package func octets(count: Int) -> [UInt8] { bigEndianOctets(limbs, count: count) }

    /// The limbs with as many high zeros as `count` asks for. The number fits.
    func limbs(count: Int) -> [UInt64] { limbs + [UInt64](repeating: 0, count: count - limbs.count) }

    package static func < (a: Natural, b: Natural) -> Bool {
        if a.limbs.count != b.limbs.count { return a.limbs.count < b.limbs.count }
        return a.limbs.reversed().lexicographicallyPrecedes(b.limbs.reversed())
    }

    package static func + (a: Natural, b: Natural) -> Natural {
        var sum: [UInt64] = []
        var carry: UInt64 = 0
        for index in 0...max(a.limbs.count, b.limbs.count) {
            let (partial, first) = a.limb(index).addingReportingOverflow(b.limb(index))
            let (total, second) = partial.addingReportingOverflow(carry)
            sum.append(total)
            carry = first || second ? 1 : 0
        }
        return Natural(limbs: sum)
    }

    /// a - b for b at most a.
    package static func - (a: Natural, b: Natural) -> Natural {
        precondition(b <= a, "a natural number has no negative difference")
        var difference: [UInt64] = []
        var borrow: UInt64 = 0
        for index in 0..<a.limbs.count {
            let (partial, first) = a.limb(index).subtractingReportingOverflow(b.limb(index))
            let (total, second) = partial.subtractingReportingOverflow(borrow)
            difference.append(total)
            borrow = first || second ? 1 : 0
        }
        return Natural(limbs: difference)
    }

    package static func * (a: Natural, b: Natural) -> Natural {
        guard !a.isZero, !b.isZero else { return Natural(0) }
        var product = [UInt64](repeating: 0, count: a.limbs.count + b.limbs.count)
        fa_integer_mul(&product, a.limbs, a.limbs.count, b.limbs, b.limbs.count)
        return Natural(limbs: product)
    }

    /// Quotient and remainder by a divisor that is not 0.
    package func dividing(by divisor: Natural) -> (quotient: Natural, remainder: Natural) {
        guard divisor <= self else { return (Natural(0), self) }
        var quotient = [UInt64](repeating: 0, count: limbs.count - divisor.limbs.count + 1)
        var remainder = [UInt64](repeating: 0, count: divisor.limbs.count)
        fa_integer_div(&quotient, &remainder, limbs, limbs.count, divisor.limbs, divisor.limbs.count)
        return (Natural(limbs: quotient), Natural(limbs: remainder))
    }

    package static func % (a: Natural, modulus: Natural) -> Natural { a.dividing(by: modulus).remainder }

    /// Whether so many rounds of GMP's test find no divisor: a composite passes with probability below 4^-rounds.
    package func isProbablyPrime(rounds: Int) -> Bool {
        !isZero && fa_integer_probably_prime(limbs, limbs.count, Int32(rounds)) != 0
    }

    /// Digits -1, 0 and 1, least significant first, no two neighbours other than 0: 2^a + s 2^b + c has three at most.
    package var nonAdjacentForm: [Int8] {
        let triple = self + self + self
        return (1..<max(triple.bitCount, 1)).map { (triple.bit($0) ? 1 : 0) - (bit($0) ? 1 : 0) }
    }

    private func limb(_ index: Int) -> UInt64 { index < limbs.count ? limbs[index] : 0 }
}

/// Limbs of 64 bits, least significant first, of big-endian octets.
func limbs64(bigEndian octets: some BidirectionalCollection<UInt8>) -> [UInt64] {
    var limbs = [UInt64](repeating: 0, count: (octets.count + 7) / 8)
    for (place, octet) in octets.reversed().enumerated() { limbs[place / 8] |= UInt64(octet) << (place % 8 * 8) }
    return limbs
}

/// `count` big-endian octets of limbs, least significant first.
func bigEndianOctets(_ limbs: some Collection<UInt64>, count: Int) -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: count)
    for (index, limb) in limbs.enumerated() {
        for octet in 0..<8 where index * 8 + octet < count {
            octets[count - 1 - index * 8 - octet] = UInt8(truncatingIfNeeded: limb >> (octet * 8))
        }
    }
    return octets
}
