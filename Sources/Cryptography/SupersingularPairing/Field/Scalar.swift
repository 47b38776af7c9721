import CFieldArithmetic
import Primitives

/// A secret number modulo q: the master secret, l, and what they are multiplied with. Wiped at the end.
///
/// `@unchecked`: the limbs lie behind a pointer, so that they can be wiped; they are written only while the number is made.
package final class Scalar: @unchecked Sendable {
    let order: Natural
    let limbs: UnsafeMutableBufferPointer<UInt64>

    private init(order: Natural) {
        self.order = order
        limbs = .allocate(capacity: order.limbs.count)
        limbs.initialize(repeating: 0)
    }

    /// The big-endian octets modulo the order; at most 120 limbs' worth.
    package convenience init(_ octets: SecretBytes, modulo order: Natural) {
        self.init(order: order)
        let width = max((octets.count + 7) / 8, order.limbs.count)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: width) { wide in
            wide.initialize(repeating: 0)
            octets.withUnsafeBytes { source in
                for (place, octet) in source.reversed().enumerated() {
                    wide[place / 8] |= UInt64(octet) << (place % 8 * 8)
                }
            }
            fa_integer_mod(limbs.baseAddress, wide.baseAddress, width, order.limbs, order.limbs.count)
            fa_wipe(wide.baseAddress, width * 8)
        }
    }

    /// A public number, below the order.
    package convenience init(_ value: Natural, modulo order: Natural) {
        self.init(order: order)
        _ = limbs.update(from: value.limbs(count: order.limbs.count))
    }

    deinit {
        fa_wipe(limbs.baseAddress, limbs.count * 8)
        limbs.deallocate()
    }

    /// The product modulo the order.
    package func times(_ other: Scalar) -> Scalar {
        let product = Scalar(order: order)
        fa_integer_mul_mod(
            product.limbs.baseAddress, limbs.baseAddress, other.limbs.baseAddress, order.limbs, order.limbs.count)
        return product
    }

    /// Whether the number is 0.
    package var isZero: Bool { limbs.reduce(0, |) == 0 }

    /// The number's big-endian octets, as many as the order has.
    package var octets: SecretBytes {
        SecretBytes(count: order.octetCount) { output in
            for place in 0..<output.count {
                output[output.count - 1 - place] = UInt8(truncatingIfNeeded: limbs[place / 8] >> (place % 8 * 8))
            }
        }
    }
}

extension Scalar: Equatable {
    /// Compares in constant time.
    package static func == (a: Scalar, b: Scalar) -> Bool { a.order == b.order && a.octets == b.octets }
}
