/// ERR, what was wrong with a message (RFC 3830 section 6.12).
///
///     ! next payload (1) ! Error no (1) ! Reserved (2) !
public struct ErrorPayload: Sendable, Hashable {
    /// Error no, as sent: it may be one that `ErrorNumber` does not know.
    public let number: UInt8
    let reserved: [UInt8]

    /// An error.
    public init(_ number: ErrorNumber) {
        self.number = number.rawValue
        reserved = [0, 0]
    }

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        number = try reader.uint8()
        reserved = try reader.octets(2)
    }

    func append(to octets: inout [UInt8]) {
        octets.append(number)
        octets += reserved
    }
}
