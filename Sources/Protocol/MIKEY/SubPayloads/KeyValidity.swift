/// KV: the validity of a key, in the sub-payloads that carry one (RFC 3830 sections 6.13 and 6.14).
enum KeyValidity: UInt8 {
    case null = 0
    /// ! SPI Length (1) ! SPI ~
    case spi = 1
    /// ! VF Length (1) ! Valid From ~ VT Length (1) ! Valid To ~
    case interval = 2

    /// Reads KV data, and makes no use of it (docs/protocol.md choice 3).
    func skipData(in reader: inout PayloadReader) throws(MIKEYError) {
        switch self {
        case .null: break
        case .spi: _ = try reader.octetsAfterUInt8()
        case .interval:
            _ = try reader.octetsAfterUInt8()
            _ = try reader.octetsAfterUInt8()
        }
    }
}
