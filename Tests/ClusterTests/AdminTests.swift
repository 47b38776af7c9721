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
        var top = try await poste.run("top", "--once", "--json")
        for _ in 0..<40 where !top.output.contains("\"pending\":3") {
            try await Task.sleep(for: .milliseconds(500))
            top = try await poste.run("top", "--once", "--json")
        }
        let status = try JSONSerialization.jsonObject(with: Data(top.output.utf8)) as? [String: Any]
        let totals = try #require(status?["totals"] as? [String: Double])
        #expect(totals["pending"] == 3 && totals["lag"] == 0 && totals["dead_letters"] == 0)
        #expect((totals["deposits_per_s"] ?? 0) > 0)
        let members = try #require(status?["members"] as? [[String: Any]])
        #expect(members.count == 1 && members[0]["role"] as? String == "dev")
        let admin = try #require(members[0]["admin"] as? String)

        let person = try await poste.run("top", "--once", "--admin", admin)
        #expect(person.status == 0 && person.output.contains("waiting 3") && person.output.contains("ok:"), "\(person.output)")
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

    /// The script of the page runs under the page's own policy, and takes new numbers over.
    @Test(.enabled(if: chromium != nil, "Debian's package chromium"))
    func aBrowserShowsThePageAndKeepsItFresh() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let port = Int.random(in: 29_000...31_000)
        let dev = try await poste.startDev("--admin", "127.0.0.1:\(port)")
        let process = Process()
        process.executableURL = chromium
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--timeout=7000",
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
        #expect(dom.contains("all is well, and nothing to do") && dom.contains("<svg"), "\(dom.suffix(2000))")
        #expect(!dom.contains("no answer") && !console.contains("CONSOLE"), "\(console)")
        #expect(await dev.stop() == 0)
    }

    private func fetch(_ address: String) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode(), end='')", address]
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
