import IdentityBasedEncryption
import MIKEY
import Primitives

/// An I_MESSAGE whose outside was checked: all that can be said without a key.
struct ReceivedMessage {
    let octets: [UInt8]
    let type: DataType
    let header: CommonHeader
    let timestamp: NTPTimestamp
    let rand: [UInt8]
    let initiator: Identity
    let responder: Identity
    let ibake: [UInt8]
    let esk: BoundESK?

    /// The day whose keys the message is encrypted under (docs/protocol.md choice 12).
    var day: UTCDay { timestamp.time.day }
    var key: ExchangeKey { ExchangeKey(csbID: header.csbID, initiator: initiator) }

    init(_ octets: [UInt8], suites: Set<AlgorithmSuite>, now: UTCTime) throws(IBAKEError) {
        let message = try step { try MIKEYMessage(octets: octets) }
        guard let type = DataType(rawValue: message.header.dataType), type == .iMessage1 || type == .iMessage2 else {
            throw .unexpectedMessage(message.header.dataType)
        }
        if type == .iMessage1, !message.payloads.contains(where: { $0.type == .rand }) { throw .update }
        self.octets = octets
        self.type = type
        header = message.header
        (timestamp, rand, initiator, responder) = try step {
            try message.requirePayloads(of: type)
            _ = try AlgorithmSuite(prf: message.header.prf, enabled: suites)
            try message.header.map.requireServed()
            let timestamp = try message.timestamp
            try timestamp.requireNear(now)
            return (
                timestamp, try message.rand, try message.identity(.initiator), try message.identity(.responder)
            )
        }
        guard let ibake = message.ibake else { throw .message(.missing("IBAKE")) }
        self.ibake = ibake
        let timestamp = timestamp
        // An empty one counts as none: no deposit could repeat it (docs/protocol.md choices 15 and 24).
        esk = message.esk.flatMap { $0.isEmpty ? nil : BoundESK(data: $0, timestamp: timestamp) }
    }

    /// Checks I_MESSAGE_2 against what the first round fixed (docs/protocol.md choices 8, 9, 12 and 15).
    func requireSameExchange(
        as opening: ResponderState.Opening, after earlier: NTPTimestamp
    ) throws(IBAKEError) {
        try step {
            guard header.prf == opening.prf else { throw MIKEYError.changed("PRF func") }
            guard header.map == opening.map else { throw MIKEYError.changed("the CS ID map") }
            guard earlier < timestamp else { throw MIKEYError.timestampNotLater }
            guard rand == opening.rand else { throw MIKEYError.changed("RAND") }
            guard responder == opening.responder else { throw MIKEYError.changed("IDRr") }
            // A deferred delivery wants the ESK here.
            guard esk != nil || opening.initiatorPoint != nil else { throw MIKEYError.missing("ESK") }
        }
    }

    /// R_MESSAGE_1, or R_MESSAGE_2 without its V: the header, T and IDRi of the message that it answers.
    func answer(_ type: DataType, expectsAnswer: Bool, responder: Identity, ibake: [UInt8]?) -> MIKEYMessage {
        var header = header
        header.dataType = type.rawValue
        header.expectsAnswer = expectsAnswer
        var payloads: [Payload] = [
            .timestamp(TimestampPayload(timestamp)), .idr(IDRPayload(.initiator, initiator)),
            .idr(IDRPayload(.responder, responder)),
        ]
        if let ibake { payloads.append(.ibake(EncryptedPayload(ibake))) }
        return MIKEYMessage(header, payloads)
    }
}
