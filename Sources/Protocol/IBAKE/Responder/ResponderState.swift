import IdentityBasedEncryption
import MIKEY
import Primitives

/// What a responder remembers of an exchange between its messages, under the exchange's `key`.
///
/// The front stores it as octets, so that any front can take the next message, and writes a new state only over the one
/// that it read (compare and set); who loses reads again and repeats the answer that won.
public struct ResponderState: Sendable, Equatable {
    /// What I_MESSAGE_2 is checked against, and y.
    struct Opening: Sendable, Equatable {
        let prf: UInt8
        let map: CSIDMap
        let rand: [UInt8]
        let called: Identity
        let responder: Identity
        let curve: ECDHCurve
        let y: SecretBytes
        /// ECCPTi, where I_MESSAGE_1 was opened.
        let initiatorPoint: ECDHPoint?
        let esk: BoundESK?
    }

    enum Progress: Sendable, Equatable {
        case awaitingSecond(Opening)
        case established(AnsweredMessage, EstablishedSession)
    }

    /// CSB ID and IDRi.
    public let key: ExchangeKey
    /// T of the latest message that was answered.
    let timestamp: NTPTimestamp
    let first: AnsweredMessage
    let progress: Progress

    /// The session, once I_MESSAGE_2 was answered.
    public var session: EstablishedSession? {
        if case .established(_, let session) = progress { session } else { nil }
    }

    /// Before this instant the state must not be dropped: T + 600 s (docs/protocol.md choice 17). Keep one with a
    /// session as long as the session (`depositsEnd`), so that nobody begins another exchange under its CSB ID.
    public var expires: UTCTime { timestamp.time.advanced(byMilliseconds: NTPTimestamp.window + 1) }
}

extension ResponderState {
    private static let version: UInt8 = 2

    /// The state for a store: it holds y, or TGK.
    ///
    ///     ! version (1) = 2 ! CSB ID (4) ! f(IDRi) ! T (8) ! SHA-256 of I_MESSAGE_1 (32) ! f(R_MESSAGE_1) !
    ///     0: ! PRF func (1) ! #CS (1) ! map type (1) ! f(map info) ! f(RAND) ! f(called IDRr) ! f(IDRr)
    ///        ! curve (1) ! f(y) ! 0, or 1 ! f(ECCPTi) ! 0, or 1 ! T (8) ! SHA-256 of the ESK (32) !
    ///     1: ! SHA-256 of I_MESSAGE_2 (32) ! f(R_MESSAGE_2) ! f(session) !
    public var serialized: SecretBytes {
        var writer = StateWriter()
        writer.append(Self.version)
        writer.append(key.csbID)
        writer.append(lengthPrefixed: key.initiator.octets)
        writer.append(timestamp.rawValue)
        writer.append(first)
        switch progress {
        case .awaitingSecond(let opening):
            writer.append(UInt8(0))
            writer.append([opening.prf, opening.map.count, opening.map.type.rawValue])
            writer.append(lengthPrefixed: opening.map.info)
            writer.append(lengthPrefixed: opening.rand)
            writer.append(lengthPrefixed: opening.called.octets)
            writer.append(lengthPrefixed: opening.responder.octets)
            writer.append(opening.curve.rawValue)
            writer.append(lengthPrefixed: opening.y)
            writer.append(UInt8(opening.initiatorPoint == nil ? 0 : 1))
            if let point = opening.initiatorPoint { writer.append(lengthPrefixed: point.uncompressed) }
            writer.append(opening.esk)
        case .established(let second, let session):
            writer.append(UInt8(1))
            writer.append(second)
            writer.append(lengthPrefixed: session.serialized)
        }
        return writer.octets
    }

    /// Reads a stored state. Throws `CorruptState`.
    public init(serialized: SecretBytes) throws(CorruptState) {
        var reader = StateReader(serialized, of: "handshake")
        try reader.require(Self.version)
        let csbID: UInt32 = try reader.integer()
        key = ExchangeKey(csbID: csbID, initiator: try reader.identity())
        timestamp = NTPTimestamp(rawValue: try reader.integer())
        first = try reader.answered()
        if try reader.flag() {
            let second = try reader.answered()
            let session = try EstablishedSession(serialized: try reader.lengthPrefixedSecret())
            guard session.csbID == csbID, session.initiator == key.initiator else {
                throw reader.corrupt("a session of another exchange")
            }
            progress = .established(second, session)
        } else {
            progress = .awaitingSecond(try Opening(reading: &reader))
        }
        try reader.finish()
    }
}

extension ResponderState.Opening {
    fileprivate init(reading reader: inout StateReader) throws(CorruptState) {
        prf = try reader.integer()
        map = try reader.map()
        rand = try reader.lengthPrefixed()
        called = try reader.identity()
        responder = try reader.identity()
        curve = try reader.curve()
        y = try reader.secret(ofCount: curve.coordinateOctetCount)
        initiatorPoint = try reader.flag() ? try reader.point(on: curve) : nil
        esk = try reader.esk()
    }
}

extension StateReader {
    fileprivate mutating func map() throws(CorruptState) -> CSIDMap {
        let count: UInt8 = try integer()
        let type: UInt8 = try integer()
        let info = try lengthPrefixed()
        guard let type = CSIDMap.MapType(rawValue: type) else { throw corrupt("map type \(type)") }
        do { return try CSIDMap(count: count, type: type, info: info) } catch { throw corrupt("\(error)") }
    }

    fileprivate mutating func point(on curve: ECDHCurve) throws(CorruptState) -> ECDHPoint {
        let octets = try lengthPrefixed()
        do { return try ECDHPoint(octets: octets, curve: curve) } catch { throw corrupt("\(error)") }
    }
}
