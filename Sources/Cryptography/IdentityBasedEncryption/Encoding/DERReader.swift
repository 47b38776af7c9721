import Primitives

/// Reads the DER of RFC 5091's and RFC 5408's modules, strictly: minimal lengths and integers, nothing trailing, no
/// negative numbers. Contents stay `SecretBytes`, since private keys are read with it too.
struct DERReader {
    private let structure: String
    private let octets: SecretBytes
    private var index = 0

    /// Reads a structure, named for errors, from the first octet on.
    init(_ octets: SecretBytes, structure: String) {
        self.octets = octets
        self.structure = structure
    }

    /// Reads the one value that the octets hold: a SEQUENCE.
    static func sequence(_ octets: SecretBytes, structure: String) throws(IBEError) -> DERReader {
        var outer = DERReader(octets, structure: structure)
        let inner = try outer.sequence()
        try outer.end()
        return inner
    }

    /// Whether all was read.
    var isAtEnd: Bool { index == octets.count }

    /// Refuses what follows the last value.
    func end() throws(IBEError) {
        guard isAtEnd else { throw fault("\(octets.count - index) octets follow the last value") }
    }

    /// The contents of the next SEQUENCE.
    mutating func sequence() throws(IBEError) -> DERReader {
        DERReader(try value(.sequence), structure: structure)
    }

    /// The next INTEGER, at least 0: big-endian octets without leading zeros, none for 0.
    mutating func integer() throws(IBEError) -> SecretBytes {
        let contents = try value(.integer)
        guard contents.count > 0 else { throw fault("an INTEGER without octets") }
        guard contents[at: 0] < 0x80 else { throw fault("a negative INTEGER") }
        guard contents[at: 0] == 0 else { return contents }
        if contents.count > 1, contents[at: 1] < 0x80 { throw fault("an INTEGER with a leading zero octet") }
        return contents[1..<contents.count]
    }

    /// The next INTEGER, which must be this version.
    mutating func version(_ expected: UInt8) throws(IBEError) {
        let version = try integer()
        guard version.exposedCopy() == [expected] else { throw .unsupported("\(structure) of another version") }
    }

    /// The octets of the next OCTET STRING.
    mutating func octetString() throws(IBEError) -> SecretBytes { try value(.octetString) }

    /// The next OBJECT IDENTIFIER.
    mutating func objectIdentifier() throws(IBEError) -> ObjectIdentifier {
        guard let identifier = ObjectIdentifier(contents: try value(.objectIdentifier).exposedCopy()) else {
            throw fault("an OBJECT IDENTIFIER that is not minimal")
        }
        return identifier
    }

    /// The contents of the next value, which must have this tag.
    mutating func value(_ tag: DERTag) throws(IBEError) -> SecretBytes {
        let found = try octet()
        guard found == tag.rawValue else { throw fault("tag \(found) at octet \(index - 1), \(tag) expected") }
        let count = try length()
        guard count <= octets.count - index else { throw fault("\(octets.count - index) octets left of \(count)") }
        defer { index += count }
        return octets[index..<index + count]
    }

    private mutating func length() throws(IBEError) -> Int {
        let first = try octet()
        guard first >= 0x80 else { return Int(first) }
        // Four octets of length are more than any message has.
        let count = Int(first & 0x7f)
        guard (1...4).contains(count) else { throw fault("a length of \(count) octets") }
        var length = 0
        for _ in 0..<count { length = length << 8 | Int(try octet()) }
        guard length >= (count == 1 ? 0x80 : 1 << (8 * (count - 1))) else {
            throw fault("a length that is not minimal")
        }
        return length
    }

    private mutating func octet() throws(IBEError) -> UInt8 {
        guard index < octets.count else { throw fault("truncated after \(index) octets") }
        defer { index += 1 }
        return octets[at: index]
    }

    private func fault(_ fault: String) -> IBEError { .malformed(structure: structure, fault: fault) }
}

/// The tags in use.
enum DERTag: UInt8 {
    case integer = 0x02
    case octetString = 0x04
    case objectIdentifier = 0x06
    case ia5String = 0x16
    case generalizedTime = 0x18
    case sequence = 0x30
}

extension SecretBytes {
    fileprivate subscript(at index: Int) -> UInt8 { withUnsafeBytes { $0[index] } }
}
