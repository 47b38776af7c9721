import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// What docs/protocol.md choice 10 allows in a message.
@Suite struct MessageFigureTests {
    let iMessage1: MIKEYMessage
    let rMessage2: MIKEYMessage
    let request: MIKEYMessage

    init() throws {
        let messages = try Vector(file: "deferred-1024.json")["exchange"]["messages"].list
        iMessage1 = try MIKEYMessage(octets: messages[0]["octets"].octets)
        rMessage2 = try MIKEYMessage(octets: messages[3]["octets"].octets)
        request = try MIKEYMessage(octets: Vector(file: "kms-psk-1024.json")["request"]["octets"].octets)
    }

    private func changed(_ message: MIKEYMessage, _ change: (inout [Payload]) -> Void) throws -> MIKEYMessage {
        var payloads = message.payloads
        change(&payloads)
        return try MIKEYMessage(octets: MIKEYMessage(message.header, payloads).octets)
    }

    @Test func payloadsMayComeInAnyOrder() throws {
        try changed(iMessage1) { $0.reverse() }.requirePayloads(of: .iMessage1)
    }

    @Test func generalExtensionsAreSkippedAndMayRecur() throws {
        let message = try changed(iMessage1) {
            $0.insert(.generalExtension(GeneralExtensionPayload(type: 0, data: [1, 2, 3])), at: 0)
            $0.append(.generalExtension(GeneralExtensionPayload(type: 255, data: [])))
        }
        try message.requirePayloads(of: .iMessage1)
        #expect(try message.timestamp == iMessage1.timestamp)
    }

    @Test(arguments: ["T", "RAND", "IDRi", "IDRr", "IBAKE"])
    func aMissingPayloadIsNamed(name: String) throws {
        let message = try changed(iMessage1) { payloads in
            payloads.removeAll { payload in
                if case .idr(let idr) = payload { idr.role.name == name } else { payload.type.name == name }
            }
        }
        let error = thrown(MIKEYError.self) { try message.requirePayloads(of: .iMessage1) }
        #expect(error == .missing(name))
        #expect(error?.answer == .unspecified)
    }

    @Test func repeatedPayloadsAndRolesAreRefused() throws {
        for index in iMessage1.payloads.indices {
            let message = try changed(iMessage1) { $0.append($0[index]) }
            #expect(throws: MIKEYError.self) { try message.requirePayloads(of: .iMessage1) }
        }
    }

    @Test func whatTheFigureDoesNotListIsRefused() throws {
        let extra: [Payload] = [
            .kemac(KEMACPayload(encryption: 3, data: [1])), .error(ErrorPayload(.unspecified)),
            .idr(IDRPayload(.kms, IdentityPayload(uri: Array("sip:kms@post.example".utf8)))),
            .id(IdentityPayload(uri: Array("sip:anna@post.example".utf8))),
        ]
        for payload in extra {
            let message = try changed(iMessage1) { $0.append(payload) }
            #expect(throws: MIKEYError.unexpected(payload.type)) { try message.requirePayloads(of: .iMessage1) }
        }
    }

    @Test func vIsLast() throws {
        let message = try changed(rMessage2) { $0.swapAt(0, $0.count - 1) }
        #expect(throws: MIKEYError.notLast(.verification)) { try message.requirePayloads(of: .rMessage2) }
    }

    @Test func rMessage2MayLeaveOutIdentities() throws {
        let message = try changed(rMessage2) { $0.removeAll { $0.type == .idr } }
        try message.requirePayloads(of: .rMessage2)
    }

    @Test func requestKeyMessagesIgnoreKnownPayloads() throws {
        let esk = Payload.esk(EncryptedPayload([1, 2]))
        let message = try changed(request) { $0.insert(esk, at: 2) }
        try message.requirePayloads(of: .requestKeyPSK)
        let twice = try changed(request) { $0.insert(contentsOf: [esk, esk], at: 2) }
        #expect(throws: MIKEYError.repeated("ESK")) { try twice.requirePayloads(of: .requestKeyPSK) }
    }

    @Test(arguments: [3, 13, 15, 16, 17, 18, 19, 20, 24, 25, 26, 255] as [UInt8])
    func unknownPayloadsCannotBeSkipped(type: UInt8) throws {
        var octets = iMessage1.octets
        octets[2] = type
        let error = thrown(MIKEYError.self) { try MIKEYMessage(octets: octets) }
        #expect(error == .unknown(.payload, type, offset: 10))
    }

    @Test func payloadsThatAreOnlySkippedAreReadByTheirLengths() throws {
        // PKE, CERT, CHASH (SHA-256), SP, then SIGN, which has no next payload and ends the message.
        let hash = [UInt8](repeating: 9, count: 32)
        let body: [[UInt8]] = [
            [7, 0x80, 3, 1, 2, 3], [8, 0, 0, 2, 5, 5], [10, 2] + hash, [4, 1, 0, 0, 2, 7, 7], [0x00, 2, 8, 8],
        ]
        var octets = iMessage1.octets.prefix(10) + body.joined()
        octets[2] = 2
        let message = try MIKEYMessage(octets: Array(octets))
        #expect(message.payloads.map(\.type) == [.pke, .cert, .chash, .securityPolicy, .sign])
        #expect(message.octets == Array(octets))
        #expect(throws: MIKEYError.trailing(offset: octets.count, count: 2)) {
            try MIKEYMessage(octets: Array(octets) + [1, 2])
        }
    }

    @Test func unknownNumbersThatDecideALengthAreUnreadable() throws {
        var octets = iMessage1.octets
        octets[0] = 2
        #expect(throws: MIKEYError.unknown(.version, 2, offset: 0)) { try MIKEYMessage(octets: octets) }
        octets = iMessage1.octets
        octets[9] = 3
        #expect(throws: MIKEYError.unknown(.map, 3, offset: 9)) { try MIKEYMessage(octets: octets) }
        octets = iMessage1.octets
        octets[11] = 4
        #expect(throws: MIKEYError.unknown(.timestampType, 4, offset: 11)) { try MIKEYMessage(octets: octets) }
        octets = iMessage1.octets
        octets[39] = 6
        #expect(throws: MIKEYError.unknown(.role, 6, offset: 39)) { try MIKEYMessage(octets: octets) }
        octets = rMessage2.octets
        octets[octets.count - 33] = 3
        #expect(throws: MIKEYError.unknown(.macAlgorithm, 3, offset: octets.count - 33)) {
            try MIKEYMessage(octets: octets)
        }
    }

    @Test func anUnknownDataTypeIsReadableAndRefused() throws {
        var octets = iMessage1.octets
        octets[1] = 99
        let error = thrown(MIKEYError.self) {
            try MIKEYMessage(octets: octets).requirePayloads(of: .iMessage1)
        }
        #expect(error?.answer == .invalidDataType)
    }

    @Test func identitiesAreCheckedWhenTheyAreAskedFor() throws {
        let cases: [(IdentityPayload, ErrorNumber)] = [
            (IdentityPayload(uri: []), .invalidID), (IdentityPayload(uri: [0x20]), .invalidID),
            (IdentityPayload(uri: [UInt8](repeating: 0x61, count: 513)), .invalidID),
            (IdentityPayload(preSharedKeyName: Array("sip:anna@post.example".utf8)), .invalidID),
        ]
        for (value, number) in cases {
            let message = try changed(iMessage1) { $0[2] = .idr(IDRPayload(.initiator, value)) }
            try message.requirePayloads(of: .iMessage1)
            let error = thrown(MIKEYError.self) { try message.identity(.initiator) }
            #expect(error?.answer == number)
        }
        let longest = IdentityPayload(uri: [UInt8](repeating: 0x7e, count: 512))
        let message = try changed(iMessage1) { $0[2] = .idr(IDRPayload(.initiator, longest)) }
        #expect(try message.identity(.initiator).octets.count == 512)
    }

    @Test func randHasAtLeast16Octets() throws {
        let short = try changed(iMessage1) { $0[1] = .rand(RandPayload([UInt8](repeating: 1, count: 15))) }
        #expect(throws: MIKEYError.rand(15)) { try short.rand }
        let long = try changed(iMessage1) { $0[1] = .rand(RandPayload([UInt8](repeating: 1, count: 255))) }
        #expect(try long.rand.count == 255)
    }

    @Test func theErrorMessageRepeatsWhatNamesTheExchange() throws {
        let now = UTCTime(milliseconds: 1_796_117_400_500)
        let error = try #require(MIKEYMessage.error(.invalidID, answering: iMessage1.octets, now: now))
        #expect(hexadecimal(error.octets) == "01060501c82f888a0001" + "0c00eeb9121880000000" + "00070000")
        try error.requirePayloads(of: .error)
        #expect(error.errorNumber == ErrorNumber.invalidID.rawValue)
        #expect(try MIKEYMessage(octets: error.octets) == error)
    }
}
