import COpenSSL

/// EC_POINT arithmetic of OpenSSL on one curve. Its multiplication by a scalar takes constant time.
struct CurveArithmetic {
    private let curve: ECDHCurve
    private let objects: CurveObjects

    init(_ curve: ECDHCurve) {
        self.curve = curve
        objects = CurveObjects(curve)
    }

    /// The uncompressed octets of a point in either form, or nil where it is off the curve or at infinity.
    func uncompressed(_ octets: [UInt8]) -> [UInt8]? {
        // EC_POINT_oct2point checks that the point is on the curve.
        guard EC_POINT_oct2point(objects.group, objects.point, octets, octets.count, objects.context) == 1 else {
            ERR_clear_error()
            return nil
        }
        return result()?.exposedCopy()
    }

    /// Whether octets in either form are a point on the curve other than infinity. The check leaves no copy behind.
    func isPoint(_ octets: UnsafeBufferPointer<UInt8>) -> Bool {
        guard EC_POINT_oct2point(objects.group, objects.point, octets.baseAddress, octets.count, objects.context) == 1
        else {
            ERR_clear_error()
            return false
        }
        return EC_POINT_is_at_infinity(objects.group, objects.point) == 0
    }

    /// [scalar]Q, or [scalar]P of the curve's base point where Q is nil; nil where the scalar is not in 1 … n - 1.
    func multiple(of point: [UInt8]?, by scalar: SecretBytes) -> SecretBytes? {
        scalar.withUnsafeBytes { _ = BN_bin2bn($0.baseAddress, Int32($0.count), objects.scalar) }
        BN_set_flags(objects.scalar, BN_FLG_CONSTTIME)
        guard BN_is_zero(objects.scalar) == 0,
            BN_cmp(objects.scalar, EC_GROUP_get0_order(objects.group)) < 0
        else { return nil }
        guard let point else {
            guard EC_POINT_mul(objects.group, objects.point, objects.scalar, nil, nil, objects.context) == 1 else {
                return nil
            }
            return result()
        }
        guard EC_POINT_oct2point(objects.group, objects.point, point, point.count, objects.context) == 1,
            EC_POINT_mul(objects.group, objects.point, nil, objects.point, objects.scalar, objects.context) == 1
        else { return nil }
        return result()
    }

    private func result() -> SecretBytes? {
        guard EC_POINT_is_at_infinity(objects.group, objects.point) == 0 else { return nil }
        return SecretBytes(count: curve.pointOctetCount) { output in
            _ = EC_POINT_point2oct(
                objects.group, objects.point, POINT_CONVERSION_UNCOMPRESSED, output.baseAddress, output.count,
                objects.context)
        }
    }
}

/// The OpenSSL objects of one computation, cleared when it is over.
private final class CurveObjects {
    let group: OpaquePointer?
    let point: OpaquePointer?
    let scalar: OpaquePointer?
    let context: OpaquePointer?

    init(_ curve: ECDHCurve) {
        group = EC_GROUP_new_by_curve_name(curve.identifier)
        point = EC_POINT_new(group)
        scalar = BN_secure_new()
        context = BN_CTX_secure_new()
    }

    deinit {
        EC_POINT_clear_free(point)
        BN_clear_free(scalar)
        BN_CTX_free(context)
        EC_GROUP_free(group)
    }
}
