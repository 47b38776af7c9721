import Foundation
import Testing

/// Bob waits to be dialled, and somebody tells the cluster where.
@Suite struct ContactTests {
    /// Bob's `poste receive --listen`, and the address where it waits.
    private func listen(_ poste: Poste, _ arguments: String...) async throws -> (RunningPoste, String) {
        let ready = poste.home.appendingPathComponent("ready-\(UUID().uuidString)")
        let bob = try RunningPoste(
            ["receive", "--as", "sip:bob@example.com", "--json", "--listen", "127.0.0.1:0", "--ready-file", ready.path]
                + arguments, home: poste.home, input: nil)
        for _ in 0..<3000 where !FileManager.default.fileExists(atPath: ready.path) {
            guard bob.isRunning else { throw Poste.Failure("receive ended: \(bob.errors)") }
            try await Task.sleep(for: .milliseconds(10))
        }
        let notice = try JSONSerialization.jsonObject(with: Data(contentsOf: ready)) as? [String: Any]
        let addresses = notice?["addresses"] as? [String: String]
        return (bob, try #require(addresses?["contact"]))
    }

    private func contents(_ recipient: RunningPoste) -> [String] {
        recipient.output.split(separator: "\n").compactMap { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard let path = object?["path"] as? String else { return nil }
            return try? String(contentsOfFile: path, encoding: .utf8)
        }
    }

    private func wait(for count: Int, _ recipient: RunningPoste) async throws -> [String] {
        for _ in 0..<2000 where contents(recipient).count < count { try await Task.sleep(for: .milliseconds(10)) }
        return contents(recipient)
    }

    private func send(_ poste: Poste, _ text: String) async throws {
        let sent = try await poste.run(
            "send", "--from", "sip:alice@example.com", "--to", "sip:bob@example.com", "--text", text)
        #expect(sent.status == 0, "\(sent.errors)")
    }

    private func withDev(_ body: (Poste) async throws -> Void) async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev()
        for user in ["alice", "bob"] {
            let enrolled = try await poste.run("enroll", "sip:\(user)@example.com")
            #expect(enrolled.status == 0, "\(enrolled.errors)")
        }
        try await body(poste)
        #expect(await dev.stop() == 0)
    }

    @Test func bobIsDialledWhereAnEventSaysSo() async throws {
        try await withDev { poste in
            try await send(poste, "one")
            let (bob, address) = try await listen(poste)
            // He speaks for himself, with the profile that he has here.
            let told = try await poste.run("presence", "--entity", "sip:bob@example.com", "--contact", address)
            #expect(told.status == 0, "\(told.errors)")
            #expect(try await wait(for: 1, bob) == ["one"])
            try await send(poste, "two")
            #expect(try await wait(for: 2, bob) == ["one", "two"])
            #expect(await bob.stop() == 0)
            // Nothing of it comes again, and he is found at another address when an operator writes it to the log.
            try await send(poste, "three")
            let (again, elsewhere) = try await listen(poste)
            let written = try await poste.run(
                "presence", "--cluster", poste.home.path + "/dev", "--entity", "sip:bob@example.com", "--contact",
                elsewhere)
            #expect(written.status == 0, "\(written.errors)")
            #expect(try await wait(for: 1, again) == ["three"])
            #expect(await again.stop() == 0)
        }
    }

    @Test func bobTellsHisMailboxHimself() async throws {
        try await withDev { poste in
            let (bob, _) = try await listen(poste, "--contact", "127.0.0.1:0")
            try await send(poste, "hello")
            #expect(try await wait(for: 1, bob) == ["hello"])
            #expect(await bob.stop() == 0)
        }
    }

    @Test func whoHasNoAuthorityTellsNothing() async throws {
        try await withDev { poste in
            let nobody = try await poste.run(
                "presence", "--home", poste.home.path + "/elsewhere", "--entity", "sip:bob@example.com", "--contact",
                "127.0.0.1:1")
            #expect(nobody.status == 67, "\(nobody.status) \(nobody.errors)")
            #expect(nobody.errors.contains("no profile"), "\(nobody.errors)")
            let alone = try await poste.run("receive", "--as", "sip:bob@example.com", "--contact", "127.0.0.1:1")
            #expect(alone.status == 64, "\(alone.errors)")
        }
    }
}
