import CFieldArithmetic
import CurveVectors
import SupersingularPairing
import TestVectors
import Testing

/// The C kernels against schoolbook arithmetic on natural numbers. The pointers are what they work on.
@Suite("F_p and F_p^2 kernels")
struct FieldKernelTests {
    /// A field, and elements to compute with.
    final class Bench {
        let p: Natural
        let n: Int
        let field: UnsafeMutablePointer<fa_field>
        let memory: UnsafeMutablePointer<UInt64>

        init(_ p: Natural) {
            self.p = p
            n = (p.bitCount + 63) / 64
            field = .allocate(capacity: 1)
            memory = .allocate(capacity: 16 * n)
            memory.initialize(repeating: 0, count: 16 * n)
            write(p, memory)
            fa_field_init(field, memory, Int32(n))
        }

        deinit {
            field.deallocate()
            memory.deallocate()
        }

        /// Element `index`.
        subscript(index: Int) -> UnsafeMutablePointer<UInt64> { memory + index * n }

        func write(_ value: Natural, _ limbs: UnsafeMutablePointer<UInt64>) {
            for (place, octet) in value.octets(count: 8 * n).reversed().enumerated() {
                if place % 8 == 0 { limbs[place / 8] = 0 }
                limbs[place / 8] |= UInt64(octet) << (place % 8 * 8)
            }
        }

        func set(_ index: Int, _ value: Natural) {
            write(value, self[15])
            fa_encode(field, self[index], self[15])
        }

        func get(_ index: Int) -> Natural {
            fa_decode(field, self[15], self[index])
            return Natural(
                octets: (0..<n).reversed().flatMap { limb in
                    (0..<8).reversed().map { UInt8(truncatingIfNeeded: self[15][limb] >> ($0 * 8)) }
                })
        }
    }

    /// Odd moduli of one to sixty limbs, full and barely filled; the primes are those of the levels.
    static func moduli() throws -> [Natural] {
        var generator = SeededGenerator(seed: 1)
        let random = [64, 65, 127, 192, 1000, 2048, 2560, 2600, 3000, 3840].map { bits -> Natural in
            let octets = (0..<(bits + 7) / 8).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let low = Natural(octets: octets) % Natural.powerOfTwo(bits - 1)
            let value = low + Natural.powerOfTwo(bits - 1)
            return value.bit(0) ? value : value + Natural(1)
        }
        let primes = try Vector(file: "rfc5091.json")["levels"].list.map { try $0["p"].natural }
        return random + primes + [Natural.powerOfTwo(256) - Natural(189), Natural.powerOfTwo(3840) - Natural(1)]
    }

    @Test("Every operation agrees with natural numbers, at the edges too")
    func operations() throws {
        var generator = SeededGenerator(seed: 2)
        for p in try Self.moduli() {
            let bench = Bench(p)
            let f = UnsafePointer(bench.field)
            // The last has equal halves of limbs where p is 2^3840 - 1.
            let edges =
                [Natural(0), Natural(1), Natural(2), p - Natural(1), p - Natural(2)]
                + [Natural.powerOfTwo(p.bitCount / 2) + Natural(1)]
            let random = (0..<8).map { _ in
                Natural(octets: (0..<bench.n * 8 + 8).map { _ in UInt8.random(in: 0...255, using: &generator) }) % p
            }
            for a in edges + random {
                for b in edges + random.prefix(3) {
                    bench.set(0, a)
                    bench.set(1, b)
                    let (x, y, r) = (bench[0], bench[1], bench[2])
                    fa_add(f, r, x, y)
                    #expect(bench.get(2) == (a + b) % p)
                    fa_sub(f, r, x, y)
                    #expect(bench.get(2) == (a + p - b) % p)
                    fa_mul(f, r, x, y)
                    #expect(bench.get(2) == a * b % p)
                    fa_mul_add_mul(f, r, x, y, y, y)
                    #expect(bench.get(2) == (a * b + b * b) % p)
                    // (a + b i)(b + a i) = i (a^2 + b^2); (a + b i)^2 = a^2 - b^2 + 2 a b i
                    bench.set(4, a)
                    bench.set(5, b)
                    bench.set(6, b)
                    bench.set(7, a)
                    fa2_mul(f, bench[8], bench[4], bench[6])
                    #expect(bench.get(8).isZero)
                    #expect(bench.get(9) == (a * a + b * b) % p)
                    fa2_mul(f, bench[8], bench[4], bench[4])
                    fa2_sqr(f, bench[4], bench[4])
                    #expect(bench.get(4) == (a * a + p * p - b * b) % p)
                    #expect(bench.get(5) == (a * b + a * b) % p)
                    #expect(fa_equal(f, bench[8], bench[4]) & fa_equal(f, bench[9], bench[5]) == .max)
                    #expect((fa_equal(f, x, y) == .max) == (a == b))
                }
                fa_sqr(f, bench[2], bench[0])
                #expect(bench.get(2) == a * a % p)
                fa_neg(f, bench[2], bench[0])
                #expect(bench.get(2) == (p - a) % p)
                fa_half(f, bench[2], bench[0])
                #expect((bench.get(2) + bench.get(2)) % p == a)
                #expect((fa_is_zero(f, bench[0]) == .max) == a.isZero)
                var exponent: [UInt64] = [0b1011_0111_0101]
                fa_pow(f, bench[2], bench[0], &exponent, 12)
                #expect(bench.get(2) == (0..<0b1011_0111_0101).reduce(Natural(1)) { power, _ in power * a % p })
                // Over a composite modulus there are elements without an inverse other than 0.
                fa_inv(f, bench[2], bench[0])
                if p.isProbablyPrime(rounds: 1) || a == Natural(1) || a == p - Natural(1) {
                    #expect(bench.get(2) * a % p == (a.isZero ? a : Natural(1)))
                }
            }
        }
    }

    @Test("The inverse of every element of small fields, and of many of large ones")
    func inverses() throws {
        var generator = SeededGenerator(seed: 3)
        let small = Bench(Natural(251))
        for a in 0..<UInt64(251) {
            small.set(0, Natural(a))
            fa_inv(small.field, small[0], small[0])
            #expect(small.get(0) * Natural(a) % small.p == Natural(a == 0 ? 0 : 1))
        }
        for p in try Self.moduli() where p.isProbablyPrime(rounds: 1) {
            let bench = Bench(p)
            for _ in 0..<200 {
                let a = Natural(octets: (0..<bench.n * 8).map { _ in UInt8.random(in: 0...255, using: &generator) }) % p
                bench.set(0, a)
                fa_inv(bench.field, bench[1], bench[0])
                #expect(bench.get(1) * a % p == Natural(1))
            }
        }
    }

    @Test("The quadratic character of squares and of -1")
    func character() throws {
        for level in try levels() {
            let bench = Bench(try level["p"].natural)
            bench.set(0, Natural(1234))
            fa_sqr(bench.field, bench[1], bench[0])
            #expect(fa_jacobi_public(bench.field, bench[1]) == 1)
            // p = 3 mod 4
            fa_neg(bench.field, bench[1], bench[1])
            #expect(fa_jacobi_public(bench.field, bench[1]) == -1)
        }
    }

    @Test("Choosing by masks")
    func masks() {
        var (a, b): ([UInt64], [UInt64]) = ([1, 2, 3], [4, 5, 6])
        fa_swap(&a, &b, 3, 0)
        #expect(a == [1, 2, 3])
        fa_swap(&a, &b, 3, .max)
        #expect(a == [4, 5, 6] && b == [1, 2, 3])
        fa_assign(&a, b, 3, 0)
        #expect(a == [4, 5, 6])
        fa_assign(&a, b, 3, .max)
        #expect(a == [1, 2, 3])
        let table: [UInt64] = [10, 11, 20, 21, 30, 31]
        var entry: [UInt64] = [0, 0]
        for index in 0..<3 {
            fa_lookup(&entry, table, 3, 2, UInt64(index))
            #expect(entry == [UInt64(10 * (index + 1)), UInt64(10 * (index + 1) + 1)])
        }
    }
}
