import Primitives

/// A point of a type-1 curve other than 0, in affine coordinates in F_p. It may be secret (a private key): it is wiped
/// at its end and compared in constant time.
package struct CurvePoint: Sendable {
    package let curve: TypeOneCurve
    /// x, y.
    let coordinates: FieldRow

    init(_ curve: TypeOneCurve, _ w: Workspace, x: Fp, y: Fp) {
        self.curve = curve
        coordinates = FieldRow(w, x, y)
    }

    /// Takes coordinates as big-endian octets; nil where one is not below p or the point is not on the curve.
    package init?(x: SecretBytes, y: SecretBytes, on curve: TypeOneCurve) {
        let w = Workspace(curve.field, elements: 5)
        let (px, py) = (w.element(), w.element())
        guard w.set(px, bigEndian: x), w.set(py, bigEndian: y) else { return nil }
        let (left, right, one) = (w.element(), w.element(), w.element())
        w.sqr(left, py)
        w.sqr(right, px)
        w.mul(right, right, px)
        w.setOne(one)
        w.add(right, right, one)
        guard w.isEqual(left, right) else { return nil }
        self.init(curve, w, x: px, y: py)
    }

    /// x, then y, each big-endian in as many octets as p has. Secret where the point is.
    package var octets: SecretBytes { coordinates.octets() }

    /// The coordinate x, big-endian in as many octets as p has.
    package var x: SecretBytes { octets[0..<curve.field.octetCount] }

    /// The coordinate y, big-endian in as many octets as p has.
    package var y: SecretBytes { octets[curve.field.octetCount..<2 * curve.field.octetCount] }

    /// Whether [q] of the point is 0. The path depends on q alone.
    package var hasOrderQ: Bool {
        let w = Workspace(curve.field, elements: 24)
        let jacobian = JacobianArithmetic(w)
        let (x, y) = load(into: w)
        let multiple = jacobian.multiply(x, y, by: curve.q)
        return w.isZero(multiple.z)
    }

    /// [(p + 1) / q] of the point, of order q (RFC 5091 4.4.2 step 4); nil where that is 0. For public points.
    package var clearingCofactor: CurvePoint? { multipliedPublic(by: curve.cofactor) }

    /// [k] of the point; nil where that is 0. For public points and numbers: the time tells them.
    package func multipliedPublic(by k: Natural) -> CurvePoint? {
        let w = Workspace(curve.field, elements: 64)
        let jacobian = JacobianArithmetic(w)
        let (x, y) = load(into: w)
        let multiple = jacobian.multiplyByWindows(x, y, by: k)
        guard !w.isZero(multiple.z) else { return nil }
        let inverse = w.element()
        w.invert(inverse, multiple.z)
        jacobian.toAffine(multiple, inverse, x, y)
        return CurvePoint(curve, w, x: x, y: y)
    }

    /// The point of ordinate y: x = (y^2 - 1)^((2 p - 1) / 3) (RFC 5091 4.4.2 steps 2 and 3). Its order divides p + 1.
    package init(ordinate y: Natural, on curve: TypeOneCurve) {
        let w = Workspace(curve.field, elements: 3)
        let (px, py, one) = (w.element(), w.element(), w.element())
        w.set(py, y)
        w.setOne(one)
        w.sqr(px, py)
        w.sub(px, px, one)
        w.pow(px, px, curve.cubeRootExponent)
        self.init(curve, w, x: px, y: py)
    }

    func load(into w: Workspace) -> (x: Fp, y: Fp) {
        let (x, y) = (w.element(), w.element())
        w.load(x, coordinates, 0)
        w.load(y, coordinates, 1)
        return (x, y)
    }
}

extension CurvePoint: Equatable {
    /// Compares coordinates in constant time.
    package static func == (a: CurvePoint, b: CurvePoint) -> Bool {
        a.curve.p == b.curve.p && a.octets == b.octets
    }
}
