import Foundation
import Glibc
import Primitives
import Testing

/// What goes wrong on a machine has an error that names it, and leaves nothing behind.
@Suite struct TroubleTests {
    @Test func aSecondKMSOnTheSameStateIsRefused() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        let second = try await poste.run("kms", "--level", "1024", "--listen", "127.0.0.1:0")
        #expect(second.status == 74, "\(second.errors)")
        #expect(second.errors.contains("used by another process (\(dev.identifier))"), "\(second.errors)")
        #expect(await dev.stop() == 0)
    }

    @Test func nobodyListensWhereTheClientCalls() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        #expect(try await poste.run("enroll", "sip:alice@example.com").status == 0)
        #expect(await dev.stop() == 0)
        let outcome = try await poste.run(
            ["send", "--from", "sip:alice@example.com", "--to", "sip:bob@example.com", "--retry-for", "2s", "--text", "hello"])
        #expect(outcome.status == 69, "\(outcome.errors)")
        #expect(outcome.errors.contains("is it running?"), "\(outcome.errors)")
    }

    @Test func mailForAStrangersDomainIsRefused() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        #expect(try await poste.run("enroll", "sip:alice@example.com").status == 0)
        let outcome = try await poste.run(
            ["send", "--from", "sip:alice@example.com", "--to", "sip:bob@elsewhere.example", "--text", "hello"])
        #expect([65, 67, 76].contains(outcome.status), "\(outcome.status) \(outcome.errors)")
        #expect(await dev.stop() == 0)
    }

    @Test func aMailboxHoldsWhatTheOperatorAllows() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev("--mailbox-deposits", "2", "--mailbox-size", "1MiB")
        for user in ["alice", "bob", "carol"] {
            #expect(try await poste.run("enroll", "sip:\(user)@example.com").status == 0)
        }
        func send(to user: String, _ octets: Int) async throws -> (status: Int32, errors: String) {
            let outcome = try await poste.run(
                [
                    "send", "--from", "sip:alice@example.com", "--to", "sip:\(user)@example.com", "--retry-for", "1s", "-",
                ], input: [UInt8](repeating: 7, count: octets))
            return (outcome.status, outcome.errors)
        }
        let tooLarge = try await send(to: "carol", 2_000_000)
        #expect(tooLarge.status != 0 && tooLarge.errors.contains("full"), "\(tooLarge)")
        for _ in 1...2 { #expect(try await send(to: "bob", 10).status == 0) }
        // The view is a moment behind the receipt.
        try await Task.sleep(for: .seconds(1))
        let tooMany = try await send(to: "bob", 10)
        #expect(tooMany.status == tooLarge.status && tooMany.errors.contains("full"), "\(tooMany)")
        #expect(try await send(to: "carol", 10).status == 0, "others' mailboxes have room")
        #expect(await dev.stop() == 0)
    }

    @Test func aFullDiskRefusesAndRecovers() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let disk = poste.home.appendingPathComponent("disk").path
        guard try smallDisk(at: disk, megabytes: 6) else { return }
        defer { umount2(disk, Int32(MNT_DETACH)) }
        let dev = try await poste.startDev("--cluster", disk + "/cluster")
        for user in ["alice", "bob"] {
            let endpoints = ["--endpoints", disk + "/cluster/endpoints.json"]
            let enrolled = try await poste.run(["enroll", "sip:\(user)@example.com"] + endpoints)
            #expect(enrolled.status == 0, "\(enrolled.errors)")
        }
        let content = try SystemRandom().octets(9_000_000)
        let send = ["send", "--from", "sip:alice@example.com", "--to", "sip:bob@example.com", "--retry-for", "3s", "-"]
        let refused = try await poste.run(send, input: content)
        #expect(refused.status == 75, "\(refused.status) \(refused.errors)")
        #expect(refused.errors.contains("full"), "\(refused.errors)")
        // Room is made: what was refused left nothing behind, and mail flows.
        #expect(Glibc.mount("tmpfs", disk, "tmpfs", UInt(MS_REMOUNT), "size=64m") == 0)
        let sent = try await poste.run(send, input: content)
        #expect(sent.status == 0, "\(sent.errors)")
        let received = try await poste.run("receive", "--as", "sip:bob@example.com", "--json")
        let digest = hexadecimal(HashFunction.sha256.hash(content))
        #expect(received.lines.filter { $0.contains(digest) }.count == 1, "\(received.errors)")
        #expect(await dev.stop() == 0)
    }

    /// Mounts a small disk; false, said loudly, where this user may not.
    private func smallDisk(at path: String, megabytes: Int) throws -> Bool {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if Glibc.mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 { return true }
        print("SKIPPED: a small disk needs root; run the tests as root to see what a full disk does")
        return false
    }
}

/// An account whose answer nobody kept does not lock anybody out for ever.
@Suite struct LostAccountTests {
    @Test func devMakesItsFrontsAccountAnewWhenItsFileIsGone() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let first = try await poste.startDev()
        first.kill()
        await first.ended()
        try FileManager.default.removeItem(at: poste.home.appendingPathComponent("dev/example.com.account"))
        let second = try await poste.startDev()
        #expect(try await poste.run("enroll", "sip:alice@example.com").status == 0)
        #expect(await second.stop() == 0)
    }

    @Test func anOperatorRemovesAnAccount() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        #expect(try await poste.run("enroll", "sip:alice@example.com").status == 0)
        let busy = try await poste.run("kms", "--level", "1024", "--remove", "sip:alice@example.com")
        #expect(busy.status == 74, "\(busy.errors)")
        #expect(await dev.stop() == 0)
        let removed = try await poste.run("kms", "--level", "1024", "--remove", "sip:alice@example.com")
        #expect(removed.status == 0 && removed.output.contains("can be enrolled again"), "\(removed.errors)")
        let nobody = try await poste.run("kms", "--level", "1024", "--remove", "sip:alice@example.com")
        #expect(nobody.status == 67, "\(nobody.errors)")
    }
}
