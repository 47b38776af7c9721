import CFieldArithmetic
import Primitives

/// Field elements that outlive a computation: points, tables, elements of the target group. Wiped at the end.
///
/// `@unchecked`: the limbs lie behind a pointer, as the C kernels take them; they are written only by the computation that
/// makes the row, before anybody else sees it.
final class FieldRow: @unchecked Sendable {
    let field: PrimeField
    let count: Int
    let limbs: UnsafeMutablePointer<UInt64>

    /// So many elements, all 0.
    init(_ field: PrimeField, count: Int) {
        self.field = field
        self.count = count
        limbs = .allocate(capacity: count * field.limbCount)
        limbs.initialize(repeating: 0, count: count * field.limbCount)
    }

    /// The elements of a workspace.
    convenience init(_ w: Workspace, _ elements: Fp...) {
        self.init(w.field, count: elements.count)
        for (index, element) in elements.enumerated() { w.store(element, self, index) }
    }

    deinit {
        fa_wipe(limbs, count * field.limbCount * 8)
        limbs.deallocate()
    }

    /// The elements as integers 0 ... p - 1, big-endian, each in as many octets as p has.
    func octets() -> SecretBytes {
        let w = Workspace(field, elements: 1)
        let element = w.element()
        let width = field.octetCount
        return SecretBytes(count: count * width) { output in
            for index in 0..<count {
                w.load(element, self, index)
                w.withInteger(element) { integer in
                    for place in 0..<width {
                        output[(index + 1) * width - 1 - place] =
                            UInt8(truncatingIfNeeded: integer[place / 8] >> (place % 8 * 8))
                    }
                }
            }
        }
    }
}
