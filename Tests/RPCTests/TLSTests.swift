import Foundation
import Primitives
import RPC
import Testing

/// Who believes whom.
@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    private static let untrusted = "its TLS certificate is not trusted: check the roots, its dates and the clock"

    private func expectUnreachable(_ channel: RPCChannel, _ reason: String) async {
        await #expect(throws: RPCStatus(.unavailable, "cannot reach \(channel.address): \(reason)")) {
            try await channel.unary("/test.Echo/Echo", [1], deadline: .seconds(5))
        }
    }

    @Test func onlyTLS13IsSpoken() async throws {
        let echo = try EchoServer()
        try await withFolder { folder in
            // An RSA certificate could serve TLS 1.2 with suites that an ECDSA one cannot.
            let rsa = try await EchoServer(security: .tls(Self.rsaCertificate(in: folder), clients: .none))
            for server in [echo.server, rsa.server] {
                let connect = ["s_client", "-connect", "127.0.0.1:\(server.port)", "-alpn", "h2"]
                for version in ["-tls1_2", "-no_tls1_3"] {
                    let old = try await run("openssl", connect + [version, "-cipher", "ALL:@SECLEVEL=0"])
                    #expect(old.status != 0)
                    #expect(old.output.contains("Cipher is (NONE)"), "\(old.output)")
                }
                let new = try await run("openssl", connect + ["-tls1_3"])
                #expect(new.output.contains("New, TLSv1.3, Cipher is TLS_"), "\(new.output)")
            }
            await rsa.server.shutdown(grace: .zero)
        }
        await echo.server.shutdown(grace: .seconds(1))
    }

    /// The same for our clients: a server that speaks at most TLS 1.2 is refused.
    @Test func clientsRefuseOlderServers() async throws {
        try await withFolder { folder in
            let credentials = try EchoServer.credentials()
            let (certificate, key) = (folder.appendingPathComponent("c.pem"), folder.appendingPathComponent("k.pem"))
            try Data(credentials.certificatePEM.utf8).write(to: certificate)
            try Data(credentials.privateKeyPEM.exposedCopy()).write(to: key)
            // Any port that was free a moment ago.
            let probe = try EchoServer()
            await probe.server.shutdown(grace: .zero)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "openssl", "s_server", "-accept", "\(probe.server.port)", "-cert", certificate.path, "-key", key.path,
                "-tls1_2", "-alpn", "h2", "-quiet",
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            // Not SIGTERM: test runners may have it blocked, and children inherit that.
            defer { kill(process.processIdentifier, SIGKILL) }
            var configuration = RPCChannelConfiguration(
                host: "127.0.0.1", port: probe.server.port, security: .tls(rootsPEM: try EchoServer.rootsPEM()))
            configuration.firstBackoff = .milliseconds(50)
            let channel = try RPCChannel(configuration)
            let error = await thrown {
                // Until it listens the reason is another one.
                while true {
                    do {
                        _ = try await channel.unary("/test.Echo/Echo", [1], deadline: .seconds(2))
                    } catch let error as RPCStatus where error.message.contains("refused") {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
            }
            #expect(error?.message.contains("does it speak TLS 1.3?") == true, "\(error?.message ?? "")")
        }
    }

    @Test func strangersAreNotTrusted() async throws {
        let echo = try EchoServer()
        let other = try CertificateAuthority(commonName: "Another", now: EchoServer.now)
        try await expectUnreachable(
            echo.channel { $0.security = .tls(rootsPEM: other.certificatePEM) }, Self.untrusted)
        try await expectUnreachable(
            echo.channel { $0.serverName = "elsewhere.example" },
            "its TLS certificate is for another name: check the host")
        try await expectUnreachable(
            echo.channel { $0.security = .plaintext },
            "it closed the connection: does it want TLS, or a client certificate that it knows?")
        let plain = try EchoServer(security: .plaintext)
        try await expectUnreachable(plain.channel(), "it does not speak TLS: check the port")
        await plain.server.shutdown(grace: .seconds(1))
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func anExpiredCertificateIsRefusedByBothSides() async throws {
        // Valid for two more seconds.
        let authority = try CertificateAuthority(commonName: "Brief", now: EchoServer.now)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let brief = try authority.issue(
            commonName: "leaf", hosts: ["127.0.0.1"], now: UTCTime(milliseconds: now - 86_400_000 + 2000), days: 1)
        let echo = try EchoServer(security: .tls(RPCCertificate(brief), clients: .none))
        let roots = authority.certificatePEM
        #expect(try await echo.channel { $0.security = .tls(rootsPEM: roots) }.unary("/test.Echo/Echo", [1]) == [1])
        try await Task.sleep(for: .seconds(3))
        try await expectUnreachable(echo.channel { $0.security = .tls(rootsPEM: roots) }, Self.untrusted)
        #expect(throws: RPCCertificateError.expired) { try RPCCertificate(brief) }
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func mutualTLSLetsInWhoHasACertificate() async throws {
        let roots = try EchoServer.rootsPEM()
        let echo = try EchoServer(
            security: .tls(RPCCertificate(EchoServer.credentials()), clients: .required(rootsPEM: roots)))
        let known = try EchoServer.credentials(uris: ["poste:delivery-worker"])
        let answer = try await echo.channel(credentials: known).unary("/test.Echo/Who", [])
        #expect(text(answer) == "127.0.0.1 - localhost 127.0.0.1 poste:delivery-worker")
        let refusal = "it closed the connection: does it want TLS, or a client certificate that it knows?"
        try await expectUnreachable(echo.channel(), refusal)
        let other = try CertificateAuthority(commonName: "Another", now: EchoServer.now)
        let stranger = try other.issue(
            commonName: "s", hosts: [], uris: ["poste:delivery-worker"], now: EchoServer.now)
        try await expectUnreachable(echo.channel(credentials: stranger), refusal)
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func optionalClientCertificatesAreVerifiedToo() async throws {
        let roots = try EchoServer.rootsPEM()
        let echo = try EchoServer(
            security: .tls(RPCCertificate(EchoServer.credentials()), clients: .verifiedIfGiven(rootsPEM: roots)))
        #expect(try await text(echo.channel().unary("/test.Echo/Who", [])) == "127.0.0.1 -")
        let known = try EchoServer.credentials(uris: ["poste:x"])
        #expect(
            try await text(echo.channel(credentials: known).unary("/test.Echo/Who", []))
                == "127.0.0.1 - localhost 127.0.0.1 poste:x")
        let other = try CertificateAuthority(commonName: "Another", now: EchoServer.now)
        let stranger = try other.issue(commonName: "s", hosts: [], uris: ["poste:x"], now: EchoServer.now)
        await #expect(throws: RPCStatus.self) {
            try await echo.channel(credentials: stranger).unary("/test.Echo/Who", [])
        }
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func aServerThatAsksForNoCertificateBelievesNone() async throws {
        let echo = try EchoServer()
        let other = try CertificateAuthority(commonName: "Another", now: EchoServer.now)
        let stranger = try other.issue(commonName: "s", hosts: [], uris: ["poste:x"], now: EchoServer.now)
        #expect(try await text(echo.channel(credentials: stranger).unary("/test.Echo/Who", [])) == "127.0.0.1 -")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func certificatesAreReplacedWhileTheServerRuns() async throws {
        let certificate = try RPCCertificate(EchoServer.credentials())
        let echo = try EchoServer(security: .tls(certificate, clients: .none))
        let before = try echo.channel()
        #expect(try await before.unary("/test.Echo/Echo", [1]) == [1])
        let other = try CertificateAuthority(commonName: "Another", now: EchoServer.now)
        let next = try other.issue(commonName: "n", hosts: ["127.0.0.1"], now: EchoServer.now)
        // One that does not fit together changes nothing.
        let broken = TLSCredentials(
            certificatePEM: next.certificatePEM, privateKeyPEM: try EchoServer.credentials().privateKeyPEM)
        #expect(throws: RPCCertificateError.keyDoesNotMatch) { try certificate.replace(broken) }
        #expect(try await echo.channel().unary("/test.Echo/Echo", [1]) == [1])
        try certificate.replace(next)
        let after = try echo.channel { $0.security = .tls(rootsPEM: other.certificatePEM) }
        #expect(try await after.unary("/test.Echo/Echo", [1]) == [1])
        try await expectUnreachable(echo.channel(), Self.untrusted)
        #expect(try await before.unary("/test.Echo/Echo", [1]) == [1], "connections that exist stay")
        await echo.server.shutdown(grace: .seconds(1))
    }

    @Test func certificateFilesAreReadAgainWhenTheyChange() async throws {
        try await withFolder { folder in
            let (certificateFile, keyFile) = (folder.appendingPathComponent("c"), folder.appendingPathComponent("k"))
            func write(_ credentials: TLSCredentials) throws {
                try Data(credentials.certificatePEM.utf8).write(to: certificateFile)
                try Data(credentials.privateKeyPEM.exposedCopy()).write(to: keyFile)
            }
            try write(EchoServer.credentials())
            let certificate = try RPCCertificate(certificateFile: certificateFile.path, keyFile: keyFile.path)
            let echo = try EchoServer(security: .tls(certificate, clients: .none))
            #expect(try await echo.channel().unary("/test.Echo/Echo", [1]) == [1])
            // A key that does not fit, as while somebody copies the two files.
            let other = try CertificateAuthority(commonName: "Another", now: EchoServer.now)
            let next = try other.issue(commonName: "n", hosts: ["127.0.0.1"], now: EchoServer.now)
            try Data(next.privateKeyPEM.exposedCopy()).write(to: keyFile)
            try await Task.sleep(for: .milliseconds(1100))
            #expect(try await echo.channel().unary("/test.Echo/Echo", [1]) == [1], "the old pair stays in use")
            try write(next)
            try await Task.sleep(for: .milliseconds(1100))
            let channel = try echo.channel { $0.security = .tls(rootsPEM: other.certificatePEM) }
            #expect(try await channel.unary("/test.Echo/Echo", [1]) == [1])
            await echo.server.shutdown(grace: .seconds(1))
        }
    }

    @Test func whoTakesAnyCertificateLearnsWhichItWas() async throws {
        let stranger = try CertificateAuthority(commonName: "A stranger", now: EchoServer.now)
        for hosts in [["127.0.0.1"], ["elsewhere.example"], []] {
            let certificate = try RPCCertificate(
                stranger.issue(commonName: "s", hosts: hosts, now: EchoServer.now))
            let echo = try EchoServer(security: .tls(certificate, clients: .none))
            let channel = try echo.channel { $0.security = .tlsWithAnybody }
            let call = try channel.bidirectional("/test.Echo/Chat")
            #expect(try await call.send([1]))
            #expect(try await call.receive() == [1])
            #expect(call.peerCertificateDigest == certificate.digest)
            #expect(certificate.digest.count == 32)
            call.cancel()
            await echo.server.shutdown(grace: .seconds(1))
        }
    }

    @Test func credentialsOfNoUseAreNamed() throws {
        let good = try EchoServer.credentials()
        let none = SecretBytes(Array("none".utf8))
        #expect(throws: RPCCertificateError.notACertificate) {
            try RPCCertificate(TLSCredentials(certificatePEM: "none", privateKeyPEM: good.privateKeyPEM))
        }
        #expect(throws: RPCCertificateError.notAPrivateKey) {
            try RPCCertificate(TLSCredentials(certificatePEM: good.certificatePEM, privateKeyPEM: none))
        }
        let future = UTCTime(milliseconds: EchoServer.now.milliseconds + 10 * 86_400_000)
        let authority = try CertificateAuthority(commonName: "Later", now: future)
        #expect(throws: RPCCertificateError.notYetValid) {
            try RPCCertificate(authority.issue(commonName: "l", hosts: [], now: future))
        }
        #expect(throws: RPCCertificateError.self) {
            try RPCCertificate(certificateFile: "/nonexistent/c.pem", keyFile: "/nonexistent/k.pem")
        }
        #expect(throws: RPCCertificateError.noRoots) {
            try RPCChannel(RPCChannelConfiguration(host: "localhost", port: 1, security: .tls(rootsPEM: "")))
        }
        #expect(throws: RPCServerError.certificate(.noRoots)) {
            try EchoServer(security: .tls(RPCCertificate(good), clients: .required(rootsPEM: "none")))
        }
    }

    private static func rsaCertificate(in folder: URL) async throws -> RPCCertificate {
        let (certificate, key) = (folder.appendingPathComponent("rsa.pem"), folder.appendingPathComponent("rsa.key"))
        let made = try await run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-out",
                certificate.path, "-keyout", key.path,
            ])
        #expect(made.status == 0, "\(made.output)")
        return try RPCCertificate(certificateFile: certificate.path, keyFile: key.path)
    }
}
