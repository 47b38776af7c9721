import IdentityBasedEncryption
import Primitives
import TestVectors
import Testing

@Suite struct PublishedParametersTests {
    private let now = UTCTime(milliseconds: 1_796_117_402_000)

    private func published(
        _ domain: String, serial: UInt64, days: ClosedRange<Int64>, level: SecurityLevel = .test1024
    ) throws -> [UInt8] {
        let parameters = try masterKey(level).parameters
        return try IBESysParams(
            domain: domain, serial: serial, notBefore: now.advanced(byMilliseconds: days.lowerBound * 86_400_000),
            notAfter: now.advanced(byMilliseconds: days.upperBound * 86_400_000), parameters: parameters
        ).der
    }

    @Test func oneSetForSeveralDomainsCountsOnce() throws {
        let list = [
            try published("a.example", serial: 1, days: -1...1), try published("b.example", serial: 1, days: -1...1)
        ]
        #expect(try PublishedParameters.usable(list, at: now, acceptsTestLevel: true).count == 1)
    }

    @Test func theHighestSerialThatIsValidComesFirst() throws {
        let list = [
            try published("a.example", serial: 1, days: -9...9),
            try published("a.example", serial: 2, days: -1...1, level: .level2048),
            try published("a.example", serial: 3, days: 1...9, level: .level3072)
        ]
        let usable = try PublishedParameters.usable(list, at: now, acceptsTestLevel: true)
        #expect(usable.map(\.level) == [.level2048, .test1024])
    }

    @Test func theTestLevelNeedsLeaveAndNoneIsNoAnswer() throws {
        let list = [try published("a.example", serial: 1, days: -1...1)]
        #expect(throws: IBEError.self) { try PublishedParameters.usable(list, at: now, acceptsTestLevel: false) }
        let past = [try published("a.example", serial: 1, days: -9 ... -1)]
        #expect(throws: IBEError.self) { try PublishedParameters.usable(past, at: now, acceptsTestLevel: true) }
        #expect(throws: IBEError.self) { try PublishedParameters.usable([], at: now, acceptsTestLevel: true) }
    }
}
