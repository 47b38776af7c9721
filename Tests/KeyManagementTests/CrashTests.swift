import Foundation
import KeyManagement
import Primitives
import Testing

/// A child process that enrols users in a KMS's folder until it is killed.
final class CrashProbe {
    private let process = Process()
    private let output = Pipe()

    var processID: Int32 { process.processIdentifier }

    init(_ kms: TestKMS, prefix: String) throws {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        process.executableURL = folder.appending(path: "KeyManagementCrashProbe")
        process.arguments = [kms.path, String(decoding: kms.passphrase.exposedCopy(), as: UTF8.self), prefix]
        process.standardOutput = output
        try process.run()
    }

    /// Waits until the state is open.
    func waitForLine() throws { _ = try output.fileHandleForReading.read(upToCount: 5) }

    /// SIGKILL, then the whole lines that it said.
    @discardableResult func kill() -> [String] {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return said.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}

@Suite(.serialized) struct CrashTests {
    @Test func keepsEveryEnrolmentThatItAnsweredWhenKilled() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        var told: [(identity: String, pskName: [UInt8], psk: [UInt8])] = []
        for round in 1...12 {
            let probe = try CrashProbe(kms, prefix: "user-\(round)")
            try probe.waitForLine()
            usleep(UInt32.random(in: 0..<60_000))
            let lines = probe.kill().map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 3 }
            for words in lines {
                let name = try #require(octets(hexadecimal: words[1]))
                told.append((words[0], name, try #require(octets(hexadecimal: words[2]))))
            }
            // Opening checks the whole audit log.
            #expect(kms.refusal() == nil)
            let enrolled = try kms.auditEntries().filter { $0.event == .enrolment }.flatMap { $0.identities ?? [] }
            #expect(Set(enrolled).count == enrolled.count)
            #expect(Set(told.map(\.identity)).isSubset(of: enrolled))
            // What was done and not told is the one that was under way in each round.
            #expect(enrolled.count <= told.count + round)
        }
        #expect(told.count > 12)
        try await kms.serve { caller in
            let everybody = try kms.auditEntries().filter { $0.event == .enrolment }.flatMap { $0.identities ?? [] }
            for identity in everybody.suffix(20) {
                // An entry in the log and an account are one.
                await #expect(throws: (any Error).self) { try await caller.enroll([identity]) }
            }
            let parameters = [try kms.file("parameters-1.der")]
            for account in told.shuffled().prefix(20) {
                let user = TestUser(
                    account: .init(
                        pskName: account.pskName, psk: SecretBytes(account.psk), kms: Array(TestKMS.name.utf8),
                        parameters: parameters))
                let name = account.identity.dropFirst(4).prefix { $0 != "@" }
                #expect(try await caller.errorNumber(user, [dated(String(name))]) == nil)
            }
        }
    }

    @Test func goesOnWhereAFirstStartWasKilled() throws {
        for round in 0..<12 {
            let kms = try TestKMS()
            defer { kms.remove() }
            let probe = try CrashProbe(kms, prefix: "user")
            // From the first file to the last takes about half a second.
            usleep(UInt32(round) * 50_000)
            probe.kill()
            #expect(kms.refusal() == nil)
            #expect(kms.refusal() == nil)
            #expect(try kms.auditEntries().filter { $0.event == .created }.count == 1)
        }
    }
}
