import IdentityBasedEncryption
import KeyManagement
import MailboxAPI
import RPC
import Testing

@Suite struct EnrolmentTests {
    private func refusal(_ body: () async throws(RPCStatus) -> TestUser) async -> RPCStatus? {
        do throws(RPCStatus) {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func givesEachAccountAKeyOfItsOwn() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            let alice = try await caller.enroll(["sip:alice@example.com", "sips:alice@example.net"]).account
            let mailbox = try await caller.enroll(mailboxDomain: "example.com").account
            #expect(alice.psk.count == 32)
            #expect(alice.psk != mailbox.psk)
            #expect(alice.pskName.count == 16)
            #expect(alice.pskName != mailbox.pskName)
            #expect(alice.kms == Array(TestKMS.name.utf8))
            let parameters = try await caller.channel.call(Methods.getParameters, GetParametersRequest()).parameters
            #expect(parameters.count == 2)
            #expect(alice.parameters == parameters)
        }
    }

    @Test func wantsTheToken() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            for token in ["", "x", String(caller.token.dropLast()), caller.token + "0"] {
                let stranger = TestCaller(channel: caller.channel, token: token, now: caller.now)
                let refused = await refusal { () throws(RPCStatus) in try await stranger.enroll(["sip:eve@example.com"])
                }
                #expect(refused?.code == .permissionDenied)
                #expect(refused?.message.contains(caller.token) == false)
            }
            _ = try await caller.enroll(["sip:eve@example.com"])
        }
    }

    @Test func refusesWhomItMustNotEnroll() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        let cases: [([String], String, RPCCode)] = [
            ([], "", .invalidArgument),
            (["sip:bob@example.com"], "example.com", .invalidArgument),
            (["sip:bob smith@example.com"], "", .invalidArgument),
            (["sip:bob@example.org"], "", .permissionDenied),
            (["tel:+15551234"], "", .permissionDenied),
            (["sip:mailbox@example.com"], "", .permissionDenied),
            (["sip:bob@example.com", "sip:mailbox@example.net"], "", .permissionDenied),
            ([TestKMS.name], "", .permissionDenied),
            ((0..<17).map { "sip:bob-\($0)@example.com" }, "", .invalidArgument),
            ([], "example.org", .permissionDenied),
            ([], "example.com:5060", .invalidArgument),
            ([], "a@example.com", .invalidArgument),
        ]
        try await kms.serve { caller in
            for (identities, domain, code) in cases {
                let refused = await refusal { () throws(RPCStatus) in
                    try await caller.enroll(identities, mailboxDomain: domain)
                }
                #expect(refused?.code == code, "\(identities) \(domain): \(String(describing: refused))")
            }
            // None of them left anything behind.
            _ = try await caller.enroll(["sip:bob@example.com", "sip:bob-0@example.com"])
        }
    }

    @Test func refusesAnIdentityThatSomebodyHas() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        try await kms.serve { caller in
            _ = try await caller.enroll(["sip:bob@example.com"])
            _ = try await caller.enroll(mailboxDomain: "example.com")
            for (identities, domain, taken) in [
                (["sip:carol@example.com", "sip:bob@example.com"], "", "sip:bob@example.com"),
                ([], "example.com", "sip:mailbox@example.com"),
            ] {
                let refused = await refusal { () throws(RPCStatus) in
                    try await caller.enroll(identities, mailboxDomain: domain)
                }
                #expect(refused?.code == .alreadyExists)
                #expect(refused?.message.contains("\(taken) is already enrolled") == true)
            }
            // An account is made whole or not at all.
            _ = try await caller.enroll(["sip:carol@example.com"])
        }
    }

    @Test func enrollsAgainWhoWasRemoved() async throws {
        let kms = try TestKMS()
        defer { kms.remove() }
        let bob = try Identity("sip:bob@example.com")
        var lost: TestUser?
        try await kms.serve { lost = try await $0.enroll([bob.description]) }
        do {
            let state = try kms.open()
            #expect(try state.removeAccount(of: bob, now: kms.now))
            #expect(try !state.removeAccount(of: bob, now: kms.now))
        }
        let old = try #require(lost)
        try await kms.serve { caller in
            #expect(try await caller.errorNumber(old, [dated("bob")]) == 0)
            let new = try await caller.enroll([bob.description])
            #expect(try await caller.errorNumber(new, [dated("bob")]) == nil)
        }
    }
}
