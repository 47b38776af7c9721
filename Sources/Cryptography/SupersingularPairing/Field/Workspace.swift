import CFieldArithmetic
import Primitives

/// An element of F_p in a workspace.
struct Fp { fileprivate let offset: Int }

/// An element a + b i of F_p^2 in a workspace, i^2 = -1 (RFC 5091 2.1).
struct Fp2 {
    let real: Fp
    let imaginary: Fp
}

/// The memory of one computation: a row of field elements, wiped when it ends, so that no secret intermediate stays behind.
///
/// The pointer is what the C kernels work on. Elements are offsets into it that only `element()` hands out, so none outlives
/// or overruns the memory. Operations take their target first, as the kernels do; it may be one of the operands.
final class Workspace {
    let field: PrimeField
    private let limbs: UnsafeMutablePointer<UInt64>
    private let capacity: Int
    private var used = 0
    private var f: UnsafePointer<fa_field> { UnsafePointer(field.constants) }
    private var n: Int { field.limbCount }

    /// Room for so many elements of F_p.
    init(_ field: PrimeField, elements: Int) {
        self.field = field
        capacity = elements * field.limbCount
        limbs = .allocate(capacity: capacity)
        limbs.initialize(repeating: 0, count: capacity)
    }

    deinit {
        fa_wipe(limbs, capacity * 8)
        limbs.deallocate()
    }

    // MARK: Elements

    /// A new element, 0.
    func element() -> Fp {
        precondition(used + n <= capacity, "the workspace was made too small")
        defer { used += n }
        return Fp(offset: used)
    }

    /// A new element of F_p^2, 0.
    func pair() -> Fp2 { Fp2(real: element(), imaginary: element()) }

    func copy(_ r: Fp, _ a: Fp) { (limbs + r.offset).update(from: limbs + a.offset, count: n) }

    func setZero(_ r: Fp) { (limbs + r.offset).update(repeating: 0, count: n) }

    func setOne(_ r: Fp) { fa_set_one(f, self[r]) }

    func set(_ r: Fp, small value: UInt64) { set(r, Natural(value)) }

    /// Sets an integer below p.
    func set(_ r: Fp, _ value: Natural) { fa_encode(f, self[r], value.limbs(count: n)) }

    /// Sets the integer of big-endian octets, in constant time for their number; false, and 0, where it is not below p.
    func set(_ r: Fp, bigEndian octets: SecretBytes) -> Bool {
        let limbCount = max((octets.count + 7) / 8, n)
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: limbCount) { integer in
            integer.initialize(repeating: 0)
            octets.withUnsafeBytes { source in
                for place in 0..<source.count {
                    integer[place / 8] |= UInt64(source[source.count - 1 - place]) << (place % 8 * 8)
                }
            }
            var borrow: UInt64 = 0
            for (index, limb) in field.modulus.limbs(count: limbCount).enumerated() {
                let (partial, first) = integer[index].subtractingReportingOverflow(limb)
                borrow = (first ? 1 : 0) | (partial < borrow ? 1 : 0)
            }
            if borrow == 1 { fa_encode(f, self[r], integer.baseAddress) } else { setZero(r) }
            fa_wipe(integer.baseAddress, limbCount * 8)
            return borrow == 1
        }
    }

    func load(_ r: Fp, _ row: FieldRow, _ index: Int) {
        precondition(index >= 0 && index < row.count && row.field === field)
        self[r].update(from: row.limbs + index * n, count: n)
    }

    func store(_ a: Fp, _ row: FieldRow, _ index: Int) {
        precondition(index >= 0 && index < row.count && row.field === field)
        (row.limbs + index * n).update(from: self[a], count: n)
    }

    /// Loads entry `index`, a secret, of the table of entries of `targets.count` elements that begins with element `first`.
    /// All of the table is read.
    func lookUp(_ targets: [Fp], _ row: FieldRow, first: Int, entries: Int, index: UInt64) {
        let width = targets.count
        precondition(first >= 0 && (first + entries * width) <= row.count && row.field === field)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: width * n) { entry in
            guard let base = entry.baseAddress else { return }
            fa_lookup(base, row.limbs + first * n, entries, width * n, index)
            for (place, target) in targets.enumerated() { self[target].update(from: base + place * n, count: n) }
            fa_wipe(base, width * n * 8)
        }
    }

    /// The limbs of the integer 0 ... p - 1 that the element is.
    func withInteger<Result>(_ a: Fp, _ body: (UnsafeBufferPointer<UInt64>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: n) { integer in
            defer { fa_wipe(integer.baseAddress, n * 8) }
            fa_decode(f, integer.baseAddress, self[a])
            return body(UnsafeBufferPointer(integer))
        }
    }

    // MARK: F_p

    func add(_ r: Fp, _ a: Fp, _ b: Fp) { fa_add(f, self[r], self[a], self[b]) }
    func sub(_ r: Fp, _ a: Fp, _ b: Fp) { fa_sub(f, self[r], self[a], self[b]) }
    func neg(_ r: Fp, _ a: Fp) { fa_neg(f, self[r], self[a]) }
    func half(_ r: Fp, _ a: Fp) { fa_half(f, self[r], self[a]) }
    func mul(_ r: Fp, _ a: Fp, _ b: Fp) { fa_mul(f, self[r], self[a], self[b]) }
    func sqr(_ r: Fp, _ a: Fp) { fa_sqr(f, self[r], self[a]) }

    func double(_ r: Fp, _ a: Fp) { add(r, a, a) }

    /// r = 3 a; r is not a.
    func triple(_ r: Fp, _ a: Fp) {
        add(r, a, a)
        add(r, r, a)
    }

    /// r = a b + c d.
    func mulAddMul(_ r: Fp, _ a: Fp, _ b: Fp, _ c: Fp, _ d: Fp) {
        fa_mul_add_mul(f, self[r], self[a], self[b], self[c], self[d])
    }

    /// r = a^exponent. The time tells the exponent, not a.
    func pow(_ r: Fp, _ a: Fp, _ exponent: Natural) {
        fa_pow(f, self[r], self[a], exponent.limbs, Int32(exponent.bitCount))
    }

    /// r = 1/a, and 0 for 0: the same path whatever a.
    func invert(_ r: Fp, _ a: Fp) { fa_inv(f, self[r], self[a]) }

    /// 1 where a is a square, -1 where it is not, 0 for 0, in a time that depends on a: for what is public.
    func characterPublic(_ a: Fp) -> Int { Int(fa_jacobi_public(f, self[a])) }

    // MARK: Comparing and choosing without branches

    /// All ones where a is 0, else 0.
    func zeroMask(_ a: Fp) -> UInt64 { fa_is_zero(f, self[a]) }

    func isZero(_ a: Fp) -> Bool { zeroMask(a) != 0 }
    func isEqual(_ a: Fp, _ b: Fp) -> Bool { fa_equal(f, self[a], self[b]) != 0 }

    /// r = a where the mask is all ones; r stays where it is 0.
    func assign(_ r: Fp, _ a: Fp, mask: UInt64) { fa_assign(self[r], self[a], n, mask) }

    func swap(_ a: Fp, _ b: Fp, mask: UInt64) { fa_swap(self[a], self[b], n, mask) }

    // MARK: F_p^2

    func mul(_ r: Fp2, _ a: Fp2, _ b: Fp2) { fa2_mul(f, self[r.real], self[a.real], self[b.real]) }
    func sqr(_ r: Fp2, _ a: Fp2) { fa2_sqr(f, self[r.real], self[a.real]) }

    func setOne(_ r: Fp2) {
        setOne(r.real)
        setZero(r.imaginary)
    }

    private subscript(element: Fp) -> UnsafeMutablePointer<UInt64> { limbs + element.offset }
}
