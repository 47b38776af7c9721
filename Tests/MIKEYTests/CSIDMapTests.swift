import MIKEY
import TestVectors
import Testing

/// #CS and CS ID map (docs/protocol.md choice 9).
@Suite struct CSIDMapTests {
    private static let session: [UInt8] = [0, 1, 2, 3, 4, 0, 0, 0, 0]
    private static let generic: [UInt8] = [1, 0, 1, 0, 0, 4, 9, 9, 9, 9, 2, 7, 7]
    private static let genericWithRollover: [UInt8] = [2, 0, 0x81, 0, 0, 10, 9, 9, 9, 9, 0, 0, 0, 0, 0, 1, 1, 7]

    @Test(
        arguments: [
            (0, .empty, []), (1, .srtp, session), (2, .srtp, session + session), (1, .generic, generic),
            (2, .generic, generic + genericWithRollover),
        ] as [(UInt8, CSIDMap.MapType, [UInt8])])
    func completeMapsAreServed(count: UInt8, type: CSIDMap.MapType, info: [UInt8]) throws {
        let map = try CSIDMap(count: count, type: type, info: info)
        try map.requireServed()
        let header = CommonHeader(.iMessage1, expectsAnswer: true, prf: 1, csbID: 7, map: map)
        let message = MIKEYMessage(header, [.rand(RandPayload([1]))])
        #expect(try MIKEYMessage(octets: message.octets) == message)
        #expect(Array(message.octets[8..<10 + info.count]) == [count, type.rawValue] + info)
    }

    @Test(
        arguments: [
            (1, .empty, []), (0, .srtp, []), (0, .generic, []),
            (1, .srtp, [1] + session.dropFirst()),
            (2, .srtp, session + [3] + session.dropFirst()),
            (1, .generic, [1, 0, 0, 0, 4, 9, 9, 9, 9, 1, 7]),
            (1, .generic, [1, 0, 1, 1, 0, 4, 9, 9, 9, 9, 1, 7]),
            (1, .generic, [1, 0, 2, 0, 0, 0, 4, 9, 9, 9, 9, 1, 7]),
            (1, .generic, [1, 1, 1, 0, 0, 4, 9, 9, 9, 9, 1, 7]),
            (1, .generic, [1, 0, 1, 0, 0, 0, 1, 7]),
            (1, .generic, [1, 0, 1, 0, 0, 4, 9, 9, 9, 9, 0]),
            (1, .generic, [1, 0, 0x81, 0, 0, 4, 9, 9, 9, 9, 1, 7]),
        ] as [(UInt8, CSIDMap.MapType, [UInt8])])
    func othersAreReadAndRefused(count: UInt8, type: CSIDMap.MapType, info: [UInt8]) throws {
        let map = try CSIDMap(count: count, type: type, info: info)
        #expect(throws: MIKEYError.map) { try map.requireServed() }
        #expect(MIKEYError.map.answer == .unspecified)
    }

    @Test func infoThatDoesNotFitItsCountIsUnreadable() {
        #expect(throws: MIKEYError.self) { try CSIDMap(count: 2, type: .srtp, info: Self.session) }
        #expect(throws: MIKEYError.self) { try CSIDMap(count: 0, type: .empty, info: [1]) }
        #expect(throws: MIKEYError.self) { try CSIDMap(count: 1, type: .generic, info: Self.generic.dropLast()) }
    }
}
