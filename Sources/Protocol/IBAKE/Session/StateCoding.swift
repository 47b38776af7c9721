import IdentityBasedEncryption
import MIKEY
import Primitives

/// A stored state or session that is not as it was written.
public struct CorruptState: Error, Equatable, CustomStringConvertible {
    /// What it was read as, and the fault.
    public let description: String

    init(_ what: String, _ fault: String) {
        description = "a stored \(what) is corrupt or of another version: \(fault); drop it, the peer starts again"
    }
}

/// Writes the fields of a state, secrets among them.
struct StateWriter {
    private var parts: [SecretBytes] = []
    private var plain: [UInt8] = []

    var octets: SecretBytes { SecretBytes.concatenating(parts + [SecretBytes(plain)]) }

    mutating func append(_ value: some FixedWidthInteger) { plain.append(bigEndian: value) }
    mutating func append(_ octets: [UInt8]) { plain += octets }
    mutating func append(lengthPrefixed octets: [UInt8]) { plain.append(lengthPrefixed: octets) }

    mutating func append(lengthPrefixed secret: SecretBytes) {
        append(UInt32(secret.count))
        parts += [SecretBytes(plain), secret]
        plain = []
    }
}

/// Reads the fields of a state, and takes nothing that a writer would not have written.
struct StateReader {
    private var reader: SecretReader
    private let what: String

    init(_ octets: SecretBytes, of what: String) {
        reader = SecretReader(octets)
        self.what = what
    }

    func corrupt(_ fault: String) -> CorruptState { CorruptState(what, fault) }

    private mutating func read<Result>(
        _ body: (inout SecretReader) throws -> Result
    ) throws(CorruptState) -> Result {
        do { return try body(&reader) } catch { throw corrupt("\(error)") }
    }

    mutating func integer<Integer: FixedWidthInteger & UnsignedInteger>() throws(CorruptState) -> Integer {
        try read { try $0.integer() }
    }

    mutating func require(_ version: UInt8) throws(CorruptState) {
        let found: UInt8 = try integer()
        guard found == version else { throw corrupt("version \(found)") }
    }

    mutating func octets(_ count: Int) throws(CorruptState) -> [UInt8] {
        try read { try $0.octets(count) }
    }

    mutating func lengthPrefixed() throws(CorruptState) -> [UInt8] {
        try read { try $0.lengthPrefixed() }
    }

    mutating func lengthPrefixedSecret() throws(CorruptState) -> SecretBytes {
        try read { try $0.lengthPrefixedSecret() }
    }

    mutating func secret(ofCount count: Int) throws(CorruptState) -> SecretBytes {
        let secret = try lengthPrefixedSecret()
        guard secret.count == count else { throw corrupt("a secret of \(secret.count) octets") }
        return secret
    }

    mutating func flag() throws(CorruptState) -> Bool {
        let value: UInt8 = try integer()
        guard value < 2 else { throw corrupt("flag \(value)") }
        return value == 1
    }

    mutating func identity() throws(CorruptState) -> Identity {
        let octets = try lengthPrefixed()
        do { return try Identity(octets: octets) } catch { throw corrupt("\(error)") }
    }

    mutating func curve() throws(CorruptState) -> ECDHCurve {
        let value: UInt8 = try integer()
        guard let curve = ECDHCurve(rawValue: value) else { throw corrupt("curve \(value)") }
        return curve
    }

    func finish() throws(CorruptState) {
        guard reader.isAtEnd else { throw corrupt("\(reader.remaining) octets too many") }
    }
}
