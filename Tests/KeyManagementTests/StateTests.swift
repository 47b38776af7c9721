import Foundation
import IdentityBasedEncryption
import KeyManagement
import Primitives
import StateFolder
import Testing

@Suite struct StateTests {
    @Test func keepsEverythingOverARestart() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        var made: TestUser?
        try await kms.serve { made = try await $0.enroll(["sip:alice@example.com"]) }
        let alice = try #require(made)
        let token = try kms.token()
        try await kms.serve { caller in
            #expect(caller.token == token)
            let keys = try await caller.keys(alice, [dated("alice")])
            #expect(keys.count == 1)
        }
        let state = try kms.open()
        #expect(state.parameters == alice.account.parameters)
        #expect(try kms.file("parameters-1.der") == alice.account.parameters[0])
    }

    @Test func theOperatorsEnrolmentTokenCountsAndNoneIsMade() throws {
        var kms = try TestKMS()
        defer { kms.remove() }
        kms.settings.enrolmentToken = SecretBytes(Array("too-short".utf8))
        #expect(kms.refusal() is KeyManagementError)
        kms.settings.enrolmentToken = SecretBytes(Array("a-token-of-the-operator\n".utf8))
        let state = try kms.open()
        #expect(throws: (any Error).self) { try kms.token() }
        #expect(throws: EnrolmentRefusal.self) {
            try state.enroll(
                identities: ["sip:eve@example.com"], mailboxDomain: "", token: "another-token-than-his", peer: "here", now: kms.now)
        }
        _ = try state.enroll(
            identities: ["sip:alice@example.com"], mailboxDomain: "", token: "a-token-of-the-operator", peer: "here", now: kms.now)
    }

    @Test func tellsHowTheSearchForPrimesGoes() throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        var steps: [Int] = []
        _ = try KeyManagementState(
            folder: kms.path, passphrase: kms.passphrase, settings: kms.settings, now: kms.now
        ) { steps.append($0) }
        #expect(!steps.isEmpty)
        #expect(steps == steps.sorted())
    }

    @Test func opensWithItsPassphraseAndNameOnly() throws {
        var kms = try TestKMS()
        defer { kms.remove() }
        _ = try kms.open()
        var stranger = kms
        stranger.passphrase = SecretBytes(Array("incorrect horse battery".utf8))
        #expect(stranger.refusal() as? SealedSecretError == .wrongPassphrase)
        stranger.passphrase = SecretBytes(Array("short".utf8))
        #expect(stranger.refusal() as? KeyManagementError == .shortPassphrase)
        let other = try Identity("sip:kms@example.net")
        kms.settings.name = other
        let name = try Identity(TestKMS.name)
        #expect(kms.refusal() as? KeyManagementError == .otherName(name, wanted: other))
    }

    @Test func opensWithItsNewPassphraseAlone() throws {
        var kms = try TestKMS()
        defer { kms.remove() }
        let parameters = try kms.open().parameters
        let (old, new) = (kms.passphrase, SecretBytes(Array("staple the battery".utf8)))
        let stranger = SecretBytes(Array("incorrect horse battery".utf8))
        #expect(throws: SealedSecretError.wrongPassphrase) {
            try KeyManagementState.changePassphrase(folder: kms.path, from: stranger, to: new)
        }
        #expect(throws: KeyManagementError.shortPassphrase) {
            try KeyManagementState.changePassphrase(folder: kms.path, from: old, to: SecretBytes(Array("short".utf8)))
        }
        #expect(kms.refusal() == nil)
        // Interrupted after the first file: the same again finishes it.
        let before = try kms.file("master-secret-1.sealed")
        let files = ["accounts.key", "master-secret-1.sealed"]
        #expect(try KeyManagementState.changePassphrase(folder: kms.path, from: old, to: new) == files)
        try kms.write(before, to: "master-secret-1.sealed")
        #expect(try KeyManagementState.changePassphrase(folder: kms.path, from: old, to: new) == ["master-secret-1.sealed"])
        #expect(try KeyManagementState.changePassphrase(folder: kms.path, from: old, to: new) == [])
        #expect(kms.refusal() as? SealedSecretError == .wrongPassphrase)
        kms.passphrase = new
        let state = try kms.open()
        #expect(state.parameters == parameters)
        try state.recordPassphraseChange(now: kms.now)
        #expect(try kms.auditEntries().map(\.event) == [.created, .passphrase])
    }

    @Test func refusesLevel1024UnlessToldOtherwise() throws {
        var kms = try TestKMS()
        defer { kms.remove() }
        _ = try kms.open()
        kms.settings.insecureTestLevel = false
        #expect(kms.refusal() as? KeyManagementError == .insecureLevel)
        // Also where the level comes from the folder.
        kms.settings.level = .level3072
        #expect(kms.refusal() as? KeyManagementError == .insecureLevel)
    }

    @Test func makesParametersOfALevelThatProtects() throws {
        var kms = try TestKMS()
        defer { kms.remove() }
        kms.settings.insecureTestLevel = false
        kms.settings.level = .level2048
        let made = try kms.open().parameters
        let state = try kms.open()
        #expect(state.parameters == made)
        #expect(state.parameters.count == 2)
        for (der, domain) in zip(state.parameters, ["example.com", "example.net"]) {
            let published = try IBESysParams(der: der)
            #expect(published.domain == domain)
            #expect(published.districtSerial == 1)
            #expect(published.parameters.level == .level2048)
            // All days whose keys are issued lie in it.
            #expect(published.notBefore == kms.now.day.advanced(by: -30).start)
            #expect(published.isValid(at: kms.now.day.advanced(by: 3649).start))
            #expect(!published.isValid(at: kms.now.day.advanced(by: 3650).start))
        }
    }

    @Test func servesOneProcessAtATime() throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        let probe = try CrashProbe(kms, prefix: "locked")
        defer { probe.kill() }
        try probe.waitForLine()
        #expect(kms.refusal() as? StateFolderError == .locked(path: kms.path, processID: probe.processID))
        probe.kill()
        #expect(kms.refusal() == nil)
    }

    @Test(arguments: ["accounts.sqlite", "accounts.key", "master-secret-1.sealed"])
    func missesAFileThatIsGone(file: String) throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        _ = try kms.open()
        try FileManager.default.removeItem(atPath: "\(kms.path)/\(file)")
        #expect(kms.refusal() as? KeyManagementError == .missing(file: file))
    }

    @Test func refusesDamagedFiles() throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        _ = try kms.open()
        for name in ["accounts.key", "master-secret-1.sealed"] {
            let good = try kms.file(name)
            try kms.write(good.dropLast(), to: name)
            #expect(kms.refusal() is SealedSecretError)
            try kms.write(good, to: name)
        }
        try kms.write(Array("short".utf8), to: "enrolment.token")
        #expect(kms.refusal() as? KeyManagementError == .shortToken(file: "enrolment.token", shortest: 16))
        // Who deletes the token gets another.
        try FileManager.default.removeItem(atPath: "\(kms.path)/enrolment.token")
        #expect(kms.refusal() == nil)
        #expect(try kms.token().utf8.count == 64)
    }

    @Test func hasNoSecretInPlain() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        var secrets: [[UInt8]] = []
        try await kms.serve { caller in
            for user in ["alice", "bob"] {
                let account = try await caller.enroll(["sip:\(user)@example.com"])
                secrets.append(account.account.psk.exposedCopy())
                let key = try await caller.keys(account, [dated(user)])[0].der.exposedCopy()
                secrets.append(Array(key.suffix(64)))
            }
            _ = try? await caller.enroll(["sip:alice@example.com"])
        }
        // The last 20 octets are s.
        let master = try PassphraseSeal.open(
            kms.file("master-secret-1.sealed"), passphrase: kms.passphrase, purpose: "poste kms master secret 1")
        secrets.append(Array(master.exposedCopy().suffix(16)))
        secrets.append(
            try PassphraseSeal.open(
                kms.file("accounts.key"), passphrase: kms.passphrase, purpose: "poste kms account key"
            ).exposedCopy())
        let names = try FileManager.default.contentsOfDirectory(atPath: kms.path)
        #expect(names.count >= 7)
        for name in names {
            let content = Data(try kms.file(name))
            for secret in secrets {
                for shape in [Data(secret), Data(hexadecimal(secret).utf8), Data(secret).base64EncodedData()] {
                    #expect(content.range(of: shape) == nil, "\(name)")
                }
            }
        }
        let mode = try FileManager.default.attributesOfItem(atPath: kms.path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
    }
}
