import Primitives

/// Reads the project's own formats: big-endian integers and f(x), which is x after its length in 4 octets
/// (docs/protocol.md, choices 21 to 26). Every read is bounded by what is there, and a fault names its field.
struct FieldReader {
    private var reader: ByteReader

    init(_ octets: [UInt8]) { reader = ByteReader(octets) }

    var remaining: Int { reader.remaining }

    mutating func take(_ count: Int, _ field: String) throws(FormatError) -> [UInt8] {
        guard let octets = try? reader.octets(count) else { throw .truncated(field: field) }
        return Array(octets)
    }

    mutating func uint8(_ field: String) throws(FormatError) -> UInt8 {
        guard let value = try? reader.uint8() else { throw .truncated(field: field) }
        return value
    }

    mutating func uint32(_ field: String) throws(FormatError) -> UInt32 {
        guard let value = try? reader.uint32() else { throw .truncated(field: field) }
        return value
    }

    mutating func uint64(_ field: String) throws(FormatError) -> UInt64 {
        guard let value = try? reader.uint64() else { throw .truncated(field: field) }
        return value
    }

    mutating func time(_ field: String) throws(FormatError) -> UTCTime {
        try UTCTime(milliseconds: try uint64(field), field: field)
    }

    /// f(x): the length in 4 octets, then x.
    mutating func framed(_ field: String, atMost limit: Int) throws(FormatError) -> [UInt8] {
        let count = try uint32(field)
        guard count <= limit else {
            throw .invalid(field: field, reason: "\(count) octets long; at most \(limit) are allowed")
        }
        return try take(Int(count), field)
    }

    /// f(label) of a format. A label of the same format with another version is told apart from anything else.
    mutating func label(_ expected: String, _ field: String) throws(FormatError) {
        let label = try framed(field, atMost: 64)
        guard label != Array(expected.utf8) else { return }
        let name = String(decoding: label, as: UTF8.self)
        guard let versionAt = expected.lastIndex(of: "v"), name.hasPrefix(expected[...versionAt]),
            name.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else { throw .invalid(field: field, reason: "not \"\(expected)\"") }
        throw .laterVersion(label: name)
    }

    func finish() throws(FormatError) {
        guard reader.isAtEnd else { throw .trailing(count: reader.remaining) }
    }
}
