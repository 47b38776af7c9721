import Primitives

/// Reads the fields of payloads and says where a message is cut.
struct PayloadReader {
    private var bytes: ByteReader

    init(_ octets: [UInt8]) { bytes = ByteReader(octets) }

    var offset: Int { bytes.offset }
    var remaining: Int { bytes.remaining }

    mutating func octets(_ count: Int) throws(MIKEYError) -> [UInt8] {
        do { return Array(try bytes.octets(count)) } catch { throw MIKEYError(error) }
    }

    mutating func uint8() throws(MIKEYError) -> UInt8 {
        do { return try bytes.uint8() } catch { throw MIKEYError(error) }
    }

    mutating func uint16() throws(MIKEYError) -> UInt16 {
        do { return try bytes.uint16() } catch { throw MIKEYError(error) }
    }

    mutating func uint32() throws(MIKEYError) -> UInt32 {
        do { return try bytes.uint32() } catch { throw MIKEYError(error) }
    }

    mutating func uint64() throws(MIKEYError) -> UInt64 {
        do { return try bytes.uint64() } catch { throw MIKEYError(error) }
    }

    /// Octets behind a length of one octet.
    mutating func octetsAfterUInt8() throws(MIKEYError) -> [UInt8] { try octets(Int(try uint8())) }

    /// Octets behind a length of two octets.
    mutating func octetsAfterUInt16() throws(MIKEYError) -> [UInt8] { try octets(Int(try uint16())) }

    /// A number of a registry of which only some are known.
    mutating func known<Registry: RawRepresentable<UInt8>>(
        _ code: MIKEYError.Code, as registry: Registry.Type = Registry.self
    ) throws(MIKEYError) -> Registry {
        let place = offset
        let value = try uint8()
        guard let known = Registry(rawValue: value) else { throw .unknown(code, value, offset: place) }
        return known
    }
}

extension MIKEYError {
    init(_ error: ByteReader.Truncated) {
        self = .truncated(offset: error.offset, needed: error.needed, available: error.available)
    }

    /// What the reading of a secret chain ended with: an error of ours, or the end of the octets.
    init(reading error: any Error) {
        switch error {
        case let error as MIKEYError: self = error
        case let error as ByteReader.Truncated: self = MIKEYError(error)
        default: self = .malformed("\(error)")
        }
    }
}

extension [UInt8] {
    /// Appends a length of one octet, then the octets.
    mutating func append(afterUInt8 octets: [UInt8]) {
        append(UInt8(octets.count))
        append(contentsOf: octets)
    }

    /// Appends a length of two octets, then the octets.
    mutating func append(afterUInt16 octets: [UInt8]) {
        append(bigEndian: UInt16(octets.count))
        append(contentsOf: octets)
    }
}
