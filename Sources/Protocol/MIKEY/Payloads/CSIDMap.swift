import Primitives

/// #CS and the CS ID map of HDR: which crypto sessions an exchange sets up (RFC 3830 section 6.1, RFC 4563 section 5,
/// RFC 6043 section 6.1.1).
///
/// A delivery or a fetch of mail has none. Who calls to set up media sends a map; a mailbox that answers such a call
/// repeats it and makes no use of it (docs/protocol.md choice 9).
public struct CSIDMap: Sendable, Hashable {
    /// CS ID map type.
    public enum MapType: UInt8, Sendable {
        /// SRTP-ID: ! Policy_no (1) ! SSRC (4) ! ROC (4) ! for each crypto session.
        case srtp = 0
        /// The empty map, without map info.
        case empty = 1
        /// GENERIC-ID.
        case generic = 2
    }

    /// #CS 0 and the empty map.
    public static let empty = CSIDMap()

    /// #CS, the number of crypto sessions.
    public let count: UInt8
    /// The kind of map.
    public let type: MapType
    /// CS ID map info, as sent.
    public let info: [UInt8]

    private let isServed: Bool

    private init() {
        count = 0
        type = .empty
        info = []
        isServed = true
    }

    /// Takes #CS, map type and map info. Throws `MIKEYError` where they do not fit each other.
    public init(count: UInt8, type: MapType, info: [UInt8]) throws(MIKEYError) {
        var reader = PayloadReader([count, type.rawValue] + info)
        try self.init(reading: &reader)
        guard reader.remaining == 0 else { throw .trailing(offset: reader.offset, count: reader.remaining) }
    }

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        count = try reader.uint8()
        type = try reader.known(.map)
        var info: [UInt8] = []
        switch type {
        case .empty:
            isServed = count == 0
        case .srtp:
            var served = count > 0
            for _ in 0..<count {
                let session = try reader.octets(9)
                served = served && session[0] == 0
                info += session
            }
            isServed = served
        case .generic:
            var served = count > 0
            for _ in 0..<count {
                let session = try GenericSession(reading: &reader)
                served = served && session.isServed
                info += session.octets
            }
            isServed = served
        }
        self.info = info
    }

    func append(to octets: inout [UInt8]) {
        octets += [count, type.rawValue]
        octets += info
    }

    /// Throws `MIKEYError.map` unless this is the empty map with #CS 0, or a complete SRTP-ID or GENERIC-ID map of at
    /// least one crypto session under policy 0 (docs/protocol.md choice 9).
    public func requireServed() throws(MIKEYError) {
        guard isServed else { throw .map }
    }
}

/// A crypto session of a GENERIC-ID map (RFC 6043 section 6.1.1).
///
///     ! CS ID (1) ! Prot type (1) ! S | #P (1) ! Ps (#P) ! Session Data Length (2) ! Session Data
///     ! SPI Length (1) ! SPI !
private struct GenericSession {
    let octets: [UInt8]
    let isServed: Bool

    init(reading reader: inout PayloadReader) throws(MIKEYError) {
        let start = try reader.octets(3)
        let hasRollover = start[2] & 0x80 != 0
        let policies = try reader.octets(Int(start[2] & 0x7f))
        let data = try reader.octetsAfterUInt16()
        let spi = try reader.octetsAfterUInt8()
        var octets = start + policies
        octets.append(afterUInt16: data)
        octets.append(afterUInt8: spi)
        self.octets = octets
        // SRTP (0) with its SSRC, and where S is set its ROC and SEQ; an SPI: complete, as an answer would have to be.
        isServed = start[1] == 0 && policies == [0] && data.count == (hasRollover ? 10 : 4) && !spi.isEmpty
    }
}
