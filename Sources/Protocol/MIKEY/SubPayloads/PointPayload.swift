import Primitives

/// ECCPT, a point inside IBAKE (RFC 6267 section 6.1.4, docs/protocol.md choice 3).
///
///     ! next payload (1) ! ECC curve (1) ! ECC point, padded with 0 to a multiple of 4 octets ~
///     ! Auth alg (1) ! TGK len (2) ! Reserv | KV (1) ! KV data ~
struct PointPayload {
    let point: ECDHPoint

    init(_ point: ECDHPoint) { self.point = point }

    /// Reads what follows the next-payload octet.
    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        let curve = try reader.known(.curve, as: ECDHCurve.self)
        let form = try reader.uint8()
        let count: Int
        switch form {
        case 4: count = curve.pointOctetCount
        case 2, 3: count = 1 + curve.coordinateOctetCount
        // 00 is infinity, 06 and 07 are the hybrid forms.
        default: throw .malformed("ECC point of form \(form); send it uncompressed (4)")
        }
        let octets = [form] + (try reader.octets(count - 1))
        do {
            point = try ECDHPoint(octets: octets, curve: curve, allowCompressed: true)
        } catch {
            throw .malformed("\(error)")
        }
        let padding = try reader.octets(Self.paddingCount(pointOctetCount: count))
        guard padding.allSatisfy({ $0 == 0 }) else { throw .malformed("padding of an ECC point that is not 0") }
        // Auth alg, TGK len and Reserv are ignored.
        _ = try reader.octets(3)
        let place = reader.offset
        let kind = try reader.uint8() & 0x0f
        guard let validity = KeyValidity(rawValue: kind) else { throw .unknown(.keyValidity, kind, offset: place) }
        try validity.skipData(in: &reader)
    }

    /// Writes what follows the next-payload octet: uncompressed, the fields after the point 0.
    func append(to octets: inout [UInt8]) {
        octets.append(point.curve.rawValue)
        octets += point.uncompressed
        let padding = Self.paddingCount(pointOctetCount: point.uncompressed.count)
        octets += [UInt8](repeating: 0, count: padding + 4)
    }

    private static func paddingCount(pointOctetCount: Int) -> Int { (4 - (2 + pointOctetCount) % 4) % 4 }
}
