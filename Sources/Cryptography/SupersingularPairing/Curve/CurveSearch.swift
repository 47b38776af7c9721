import Primitives

/// Finds the primes of a type-1 curve (RFC 5091 5.1.2 step 3).
package enum CurveSearch {
    /// Rounds of GMP's test for a prime that is kept: a Baillie-PSW test, then 40 of Miller and Rabin with random bases.
    private static let rounds = 64

    /// A Solinas prime 2^a + s 2^b + c of exactly so many bits, at random among all.
    package static func solinasPrime(bits: Int, random: some RandomSource) throws -> Natural {
        let one = Natural(1)
        while true {
            let (negative, addend) = (try index(below: 2, random) == 1, try index(below: 2, random) == 1)
            // 2^a - 2^b has a bits, 2^a + 2^b has a + 1.
            let a = negative ? bits : bits - 1
            let b = 2 + (try index(below: a - 3, random))
            let (high, low) = (Natural.powerOfTwo(a), Natural.powerOfTwo(b))
            let sum = negative ? high - low : high + low
            let q = addend ? sum + one : sum - one
            if q.bitCount == bits, q.isProbablyPrime(rounds: rounds) { return q }
        }
    }

    /// A prime p = 12 r q - 1 of exactly so many bits, the first after a random r. `progress` hears of each candidate that is
    /// put to a primality test, with the count so far.
    package static func fieldPrime(
        bits: Int, q: Natural, random: some RandomSource, progress: (Int) -> Void
    ) throws -> Natural {
        let step = Natural(12) * q
        let smallest = Natural.powerOfTwo(bits - 1).dividing(by: step).quotient + Natural(1)
        let largest = Natural.powerOfTwo(bits).dividing(by: step).quotient
        let range = largest - smallest
        var tried = 0
        while true {
            let drawn = Natural(octets: try random.secretOctets(range.octetCount + 8).exposedCopy())
            let start = smallest + drawn % range
            for offset in sieve(step: step, start: start) {
                let r = start + Natural(UInt64(offset))
                guard r < largest, !(r % q).isZero else { continue }
                let p = step * r - Natural(1)
                tried += 1
                progress(tried)
                if p.isProbablyPrime(rounds: rounds) { return p }
            }
        }
    }

    /// The offsets j, below some thousands, for which step (start + j) - 1 has no small factor.
    private static func sieve(step: Natural, start: Natural) -> [Int] {
        let length = 1 << 14
        var isOpen = [Bool](repeating: true, count: length)
        for prime in smallPrimes {
            let (s, r) = (step.remainder(by: prime), start.remainder(by: prime))
            guard s != 0 else { continue }
            // step (start + j) = 1: j = 1 / step - start
            let inverse = power(s, prime - 2, modulo: prime)
            var j = Int((inverse + prime - r) % prime)
            while j < length {
                isOpen[j] = false
                j += Int(prime)
            }
        }
        return isOpen.indices.filter { isOpen[$0] }
    }

    /// The primes from 5 to 2^18, by Eratosthenes.
    private static let smallPrimes: [UInt64] = {
        let limit = 1 << 18
        var isPrime = [Bool](repeating: true, count: limit)
        var primes: [UInt64] = []
        for candidate in 2..<limit where isPrime[candidate] {
            if candidate > 3 { primes.append(UInt64(candidate)) }
            for multiple in stride(from: candidate * candidate, to: limit, by: candidate) { isPrime[multiple] = false }
        }
        return primes
    }()

    private static func power(_ base: UInt64, _ exponent: UInt64, modulo m: UInt64) -> UInt64 {
        var (result, square, rest): (UInt64, UInt64, UInt64) = (1, base % m, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result * square % m }
            square = square * square % m
            rest >>= 1
        }
        return result
    }

    /// A number below `count`, at most 2^16; its bias is below 2^-40.
    private static func index(below count: Int, _ random: some RandomSource) throws -> Int {
        let drawn = try random.octets(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(drawn % UInt64(count))
    }
}

extension Natural {
    /// The remainder by a divisor below 2^32 that is not 0.
    fileprivate func remainder(by divisor: UInt64) -> UInt64 {
        limbs.reversed().reduce(0) { divisor.dividingFullWidth(($0, $1)).remainder }
    }
}
