import Primitives

/// HDR, the first payload of every message (RFC 3830 section 6.1).
///
///     ! version (1) ! data type (1) ! next payload (1) ! V | PRF func (1)
///     ! CSB ID (4) ! #CS (1) ! map type (1) ! map info ~
public struct CommonHeader: Sendable, Hashable {
    /// The version of MIKEY that we speak.
    public static let version: UInt8 = 1

    /// Data type, as sent: it may be one that `DataType` does not know.
    public var dataType: UInt8
    /// The V flag: whether an answer is expected. Receivers ignore it (docs/protocol.md choice 9).
    public var expectsAnswer: Bool
    /// PRF func, 0 to 127.
    public var prf: UInt8
    /// CSB ID, which together with IDRi names an exchange.
    public var csbID: UInt32
    /// #CS and the CS ID map.
    public var map: CSIDMap

    /// A header of ours, with #CS 0 and the empty map where nothing else is said.
    public init(_ type: DataType, expectsAnswer: Bool, prf: UInt8, csbID: UInt32, map: CSIDMap = .empty) {
        dataType = type.rawValue
        self.expectsAnswer = expectsAnswer
        self.prf = prf
        self.csbID = csbID
        self.map = map
    }

    /// Reads a header and the type of the payload behind it.
    init(reading reader: inout PayloadReader, next: inout UInt8) throws(MIKEYError) {
        let version = try reader.uint8()
        guard version == Self.version else { throw .unknown(.version, version, offset: 0) }
        dataType = try reader.uint8()
        next = try reader.uint8()
        let flagAndFunction = try reader.uint8()
        expectsAnswer = flagAndFunction & 0x80 != 0
        prf = flagAndFunction & 0x7f
        csbID = try reader.uint32()
        map = try CSIDMap(reading: &reader)
    }

    func append(to octets: inout [UInt8], next: UInt8) {
        octets += [Self.version, dataType, next, (expectsAnswer ? 0x80 : 0) | prf]
        octets.append(bigEndian: csbID)
        map.append(to: &octets)
    }

    /// Whether PRF func and CSB ID are equal, as in an Error message too. Throws `MIKEYError.changed`.
    public func requireSameCSB(as other: CommonHeader) throws(MIKEYError) {
        guard prf == other.prf else { throw .changed("PRF func") }
        guard csbID == other.csbID else { throw .changed("CSB ID") }
    }

    /// Whether version, PRF func, CSB ID, #CS and map are equal, as they are in all messages of an exchange
    /// (docs/protocol.md choice 9). Throws `MIKEYError.changed`.
    public func requireSameExchange(as other: CommonHeader) throws(MIKEYError) {
        try requireSameCSB(as: other)
        guard map == other.map else { throw .changed("the CS ID map") }
    }
}
