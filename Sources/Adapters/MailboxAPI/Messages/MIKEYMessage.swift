/// One MIKEY message, as it stands.
public struct MIKEYMessage: ProtobufMessage {
    /// `posterestante.v1.MIKEYMessage`.
    public static let name = "posterestante.v1.MIKEYMessage"
    /// HDR to the last payload.
    public var octets: [UInt8] = []

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(octets: [UInt8]) {
        self.octets = octets
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { octets = try field.octets() }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, octets)
    }
}
