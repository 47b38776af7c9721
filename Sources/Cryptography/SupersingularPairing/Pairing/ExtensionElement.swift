/// A public element of F_p^2 as its two numbers, for encoding (RFC 5091 4.3). `PairingValue` encodes secret ones.
package struct ExtensionElement: Sendable, Hashable {
    package let real: Natural
    package let imaginary: Natural
    package let p: Natural

    /// The order of the parts: o of RFC 5091 4.3.
    package enum Order: Int, Sendable {
        case realFirst = 0
        case imaginaryFirst = 1
    }

    package init(real: Natural, imaginary: Natural, p: Natural) {
        self.real = real
        self.imaginary = imaginary
        self.p = p
    }

    /// 4.3.2, Canonical1: each part in Ceiling(lg(p) / 8) octets.
    package func canonical(order: Order) -> [UInt8] {
        let (a, b) = (real.octets(count: p.octetCount), imaginary.octets(count: p.octetCount))
        return order == .realFirst ? a + b : b + a
    }
}
