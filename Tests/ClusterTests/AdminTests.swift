import Foundation
import Testing

/// The admin page, its JSON and `poste top`, of a running service.
@Suite(.serialized) struct AdminTests {
    @Test func whatHappensIsSeen() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let dev = try await poste.startDev("--admin", "127.0.0.1:0")
        for user in ["alice", "bob"] { _ = try await poste.run("enroll", "sip:\(user)@example.com") }
        for text in ["one", "two", "three"] {
            let sent = try await poste.run(
                "send", "--from", "sip:alice@example.com", "--to", "sip:bob@example.com", "--text", text)
            #expect(sent.status == 0, "\(sent.errors)")
        }
        // The page looks again within ten seconds, and each two once it was asked.
        let status = try await status(poste) { $0["pending"] == 3 && $0["lag"] == 0 }
        let totals = try #require(status?["totals"] as? [String: Double])
        #expect(totals["pending"] == 3 && totals["lag"] == 0 && totals["dead_letters"] == 0)
        #expect((totals["deposits_per_s"] ?? 0) > 0)
        let members = try #require(status?["members"] as? [[String: Any]])
        #expect(members.count == 1 && members[0]["role"] as? String == "dev")
        let admin = try #require(members[0]["admin"] as? String)

        let person = try await poste.run("top", "--once", "--admin", admin)
        #expect(
            person.status == 0 && person.output.contains("waiting 3") && person.output.contains("ok:"),
            "\(person.output)")
        #expect(!person.output.contains("\u{1b}"))

        let metrics = try await fetch("http://\(admin)/metrics")
        #expect(metrics.contains("poste_deposits_total{outcome=\"stored\"} 3\n"))
        #expect(!metrics.contains("alice") && !metrics.contains("bob"))
        let page = try await fetch("http://\(admin)/")
        #expect(page.contains("<main>") && !page.contains("alice") && !page.contains("bob"))
        #expect(try await fetch("http://\(admin)/readyz") == "ok\n")
        #expect(try await poste.run("health", "--admin", admin).status == 0)
        #expect(await dev.stop() == 0)
        #expect(try await poste.run("top", "--once", "--admin", admin).status == 69)
    }

    /// One deposit, from the handshake to the tombstone in the view, in the trace that has its id.
    @Test func aDepositIsFollowedToItsEnd() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let (file, own) = (poste.home.appendingPathComponent("spans"), poste.home.appendingPathComponent("own-spans"))
        let dev = try await poste.startDev("--trace-file", file.path)
        for user in ["alice", "bob"] { _ = try await poste.run("enroll", "sip:\(user)@example.com") }
        let sent = try await poste.run(
            "send", "--from", "sip:alice@example.com", "--to", "sip:bob@example.com", "--text", "hello", "--json",
            "--trace-file",
            own.path)
        let report = try JSONSerialization.jsonObject(with: Data(sent.output.utf8)) as? [String: Any]
        let id = try #require(report?["id"] as? String)
        #expect(try await poste.run("receive", "--as", "sip:bob@example.com").status == 0)
        var spans: [[String: Any]] = []
        for _ in 0..<100 {
            spans = try [own, file].flatMap(Self.spans).filter { $0["traceId"] as? String == id }
            if spans.contains(where: { $0["name"] as? String == "fold tombstone" }) { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let names = spans.compactMap { $0["name"] as? String }
        #expect(names.count { $0 == "Mailbox/Exchange" } == 2)
        for name in [
            "send", "Mailbox/Deposit", "append to poste.envelopes", "fold envelope", "push", "deliver into stream",
            "acknowledge",
            "fold tombstone",
        ] {
            #expect(names.count { $0 == name } == 1, "\(name) in \(names)")
        }
        // One tree, whose root is the sender's.
        let ids = Set(spans.compactMap { $0["spanId"] as? String })
        #expect(ids.count == spans.count)
        let parents = spans.filter { $0["name"] as? String != "send" }.map { $0["parentSpanId"] as? String ?? "none" }
        #expect(parents.allSatisfy(ids.contains))
        #expect(spans.first { $0["name"] as? String == "send" }?["parentSpanId"] == nil)
        for text in try [own, file].map({ try String(contentsOf: $0, encoding: .utf8) }) {
            #expect(!text.contains("alice") && !text.contains("bob"))
        }
        #expect(dev.errors.contains("trace_id=\(id)"))
        #expect(await dev.stop() == 0)
    }

    private static func spans(_ file: URL) throws -> [[String: Any]] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").flatMap { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let scopes = (object?["resourceSpans"] as? [[String: Any]] ?? []).flatMap {
                $0["scopeSpans"] as? [[String: Any]] ?? []
            }
            return scopes.flatMap { $0["spans"] as? [[String: Any]] ?? [] }
        }
    }

    /// What `poste top` tells programs, once it is as it should be, or after twenty seconds.
    private func status(_ poste: Poste, _ isDue: ([String: Double]) -> Bool) async throws -> [String: Any]? {
        for _ in 0..<40 {
            let top = try await poste.run("top", "--once", "--json")
            let status = try? JSONSerialization.jsonObject(with: Data(top.output.utf8)) as? [String: Any]
            if let totals = status?["totals"] as? [String: Double], isDue(totals) { return status }
            try await Task.sleep(for: .milliseconds(500))
        }
        return nil
    }

    /// The script of the page runs under the page's own policy, and takes new numbers over.
    @Test(.enabled(if: chromium != nil, "Debian's package chromium"))
    func aBrowserShowsThePageAndKeepsItFresh() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let port = Int.random(in: 29_000...31_000)
        let dev = try await poste.startDev("--admin", "127.0.0.1:\(port)")
        for _ in 0..<40 {
            if try await poste.run("top", "--once").status == 0 { break }
            try await Task.sleep(for: .milliseconds(500))
        }
        let process = Process()
        process.executableURL = chromium
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=9000",
            "--user-data-dir=\(poste.home.path)/chromium", "--dump-dom", "http://127.0.0.1:\(port)/",
        ]
        let (output, errors) = (poste.home.appendingPathComponent("dom"), poste.home.appendingPathComponent("console"))
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let begun = Date.now
        try process.run()
        while process.isRunning, Date.now.timeIntervalSince(begun) < 60 { try await Task.sleep(for: .milliseconds(50)) }
        if process.isRunning { process.terminate() }
        let dom = String(decoding: try Data(contentsOf: output), as: UTF8.self)
        let console = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
        #expect(dom.contains("all is well, and nothing to do") && dom.contains("<table"), "\(dom.suffix(2000))")
        #expect(!dom.contains("class=\"lost\"") && !console.contains("CONSOLE"), "\(console)")
        let asked = try await fetch("http://127.0.0.1:\(port)/metrics").split(separator: "\n")
            .first { $0.hasPrefix("poste_admin_requests_total{path=\"/\"}") }?.split(separator: " ").last
        #expect(Int(asked ?? "") ?? 0 > 1, "the script has not asked for the page again")
        #expect(await dev.stop() == 0)
    }

    private func fetch(_ address: String) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode(), end='')",
            address,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}

private let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-headless-shell"].first {
    FileManager.default.isExecutableFile(atPath: $0)
}.map { URL(fileURLWithPath: $0) }
