/// A message of a .proto file, encoded as Protocol Buffers say.
///
/// Fields at their default are left out, unknown fields are skipped, of repeated occurrences of a field the last
/// counts, and embedded messages merge: as every implementation of proto3 does.
public protocol ProtobufMessage: Sendable, Equatable {
    /// The full name, as in the .proto file.
    static var name: String { get }
    /// All fields at their default.
    init()
    /// Takes one field, or leaves it to be skipped.
    mutating func take(_ field: ProtobufField) throws(ProtobufError)
    /// Writes the fields in the order of their numbers.
    func write(to writer: inout ProtobufWriter)
}

extension ProtobufMessage {
    /// The message's octets.
    public var encoded: [UInt8] {
        var writer = ProtobufWriter()
        write(to: &writer)
        return writer.octets
    }

    /// Reads a message. Throws where the octets are none.
    public init(decoding octets: [UInt8]) throws(ProtobufError) {
        self.init()
        try merge(octets[...])
    }

    /// Takes the fields of further octets on top of those that are there.
    mutating func merge(_ octets: ArraySlice<UInt8>) throws(ProtobufError) {
        var reader = ProtobufReader(octets)
        while let field = try reader.next() { try take(field) }
    }
}
