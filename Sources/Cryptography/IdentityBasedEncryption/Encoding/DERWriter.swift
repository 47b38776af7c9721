import Primitives

/// Writes the DER of RFC 5091's and RFC 5408's modules.
enum DERWriter {
    static func sequence(_ parts: SecretBytes...) -> SecretBytes { value(.sequence, .concatenating(parts)) }

    /// The INTEGER of big-endian octets, of which leading zeros are dropped.
    static func integer(_ octets: SecretBytes) -> SecretBytes {
        let (zeros, isHigh) = octets.withUnsafeBytes { bytes in
            let zeros = bytes.prefix { $0 == 0 }.count
            return (zeros, zeros < bytes.count && bytes[zeros] >= 0x80)
        }
        let digits = octets[zeros..<octets.count]
        let sign = SecretBytes(isHigh || digits.isEmpty ? [0] : [])
        return value(.integer, .concatenating([sign, digits]))
    }

    static func integer(_ small: UInt8) -> SecretBytes { integer(SecretBytes([small])) }

    static func octetString(_ octets: SecretBytes) -> SecretBytes { value(.octetString, octets) }

    static func objectIdentifier(_ identifier: ObjectIdentifier) -> SecretBytes {
        value(.objectIdentifier, SecretBytes(identifier.contents))
    }

    static func value(_ tag: DERTag, _ contents: SecretBytes) -> SecretBytes {
        var head = [tag.rawValue]
        if contents.count < 0x80 {
            head.append(UInt8(contents.count))
        } else {
            let length = (0..<8).reversed().map { UInt8(truncatingIfNeeded: contents.count >> ($0 * 8)) }
                .drop { $0 == 0 }
            head.append(0x80 | UInt8(length.count))
            head.append(contentsOf: length)
        }
        return .concatenating([SecretBytes(head), contents])
    }
}
