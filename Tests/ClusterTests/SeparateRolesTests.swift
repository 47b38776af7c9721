import Foundation
import Testing

/// Roles that share no folder: each has its own certificate and the secrets that it needs, in files, as in containers.
@Suite struct SeparateRolesTests {
    @Test func rolesMeetByTheirCertificatesAlone() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let folder = { (name: String) in poste.home.appendingPathComponent(name).path }
        for (role, host) in [("kms", "127.0.0.1"), ("front", "fronts.example.net"), ("delivery-worker", "nobody")] {
            let issued = try await poste.run(
                "certificate", role, "--cluster", folder("authority"), "--host", host, "--out", folder(role))
            #expect(issued.status == 0, "\(issued.errors)")
        }
        let roots = folder("kms/ca.crt")
        let token = folder("token")
        try Data("0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: token))

        let kms = try await started(
            poste, "kms", "--level", "1024", "--listen", "127.0.0.1:0", "--cluster", folder("kms-state"), "--tls", folder("kms"),
            "--token-file", token)
        let kmsAddress = try #require(kms.addresses["kms"])
        let account = folder("secrets/example.com.account")
        for _ in 1...2 {
            let made = try await poste.run(
                "account", "example.com", "--kms", kmsAddress, "--roots", roots, "--token-file", token, "--out", account)
            #expect(made.status == 0, "\(made.errors)")
        }

        let front = try await started(
            poste, "front", "--listen", "127.0.0.1:0", "--kms", kmsAddress, "--cluster", folder("mail"), "--tls", folder("front"),
            "--account", account)
        let frontAddress = try #require(front.addresses["front"])
        let stranger = try await poste.run("health", frontAddress, "--roots", roots, "--name", "kms.example.net")
        #expect(stranger.status == 69, "\(stranger.output)")
        let healthy = try await poste.run("health", frontAddress, "--roots", roots, "--name", "fronts.example.net")
        #expect(healthy.status == 0, "\(healthy.errors)")
        // Who changes from one authority to another has peers that trust both.
        let other = try await poste.run(
            "certificate", "kms", "--cluster", folder("new-authority"), "--host", "127.0.0.1", "--out", folder("new"))
        #expect(other.status == 0, "\(other.errors)")
        let both = folder("both.crt")
        let texts = try [folder("new/ca.crt"), roots].map { try String(contentsOfFile: $0, encoding: .utf8) }
        try Data(texts.joined().utf8).write(to: URL(fileURLWithPath: both))
        let trusting = try await poste.run("health", frontAddress, "--roots", both, "--name", "fronts.example.net")
        #expect(trusting.status == 0, "\(trusting.errors)")
        let delivery = try await started(
            poste, "deliver", "--cluster", folder("mail"), "--tls", folder("delivery-worker"), "--front-name", "fronts.example.net")
        // Nobody has made an authority or a key of the KMS where fronts and delivery workers are.
        for secret in ["ca.key", "passphrase", "kms"] {
            #expect(!FileManager.default.fileExists(atPath: folder("mail/\(secret)")), "\(secret) lies with the mail")
        }

        for running in [delivery, front, kms] { #expect(await running.process.stop() == 0) }
    }

    @Test func healthTellsReadyFromNotReady() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let nobody = try await poste.run("health", "--admin", "127.0.0.1:1")
        #expect(nobody.status == 69)
        #expect(nobody.errors.contains("127.0.0.1:1 does not answer"), "\(nobody.errors)")
    }

    @Test func whatAnOptionTakesMayLieInAFile() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let file = poste.home.appendingPathComponent("admin")
        try Data("127.0.0.1:2\n".utf8).write(to: file)
        let outcome = try await poste.run(["health"], environment: ["POSTE_ADMIN_FILE": file.path])
        #expect(outcome.errors.contains("127.0.0.1:2 does not answer"), "\(outcome.errors)")
        let missing = try await poste.run(["health"], environment: ["POSTE_ADMIN_FILE": "/nowhere"])
        #expect(missing.status == 74 && missing.errors.contains("cannot read /nowhere"), "\(missing.errors)")
    }

    private struct Started {
        let process: RunningPoste
        let addresses: [String: String]
    }

    private struct Notice: Decodable { let addresses: [String: String] }

    /// Starts a role and waits until it serves.
    private func started(_ poste: Poste, _ arguments: String...) async throws -> Started {
        let ready = poste.home.appendingPathComponent("ready-\(UUID().uuidString)")
        let process = try RunningPoste(arguments + ["--ready-file", ready.path], home: poste.home, input: nil)
        for _ in 0..<3000 where !FileManager.default.fileExists(atPath: ready.path) {
            guard process.isRunning else { throw Poste.Failure("\(arguments[0]) ended: \(process.errors)") }
            try await Task.sleep(for: .milliseconds(10))
        }
        return Started(
            process: process, addresses: try JSONDecoder().decode(Notice.self, from: Data(contentsOf: ready)).addresses)
    }
}
