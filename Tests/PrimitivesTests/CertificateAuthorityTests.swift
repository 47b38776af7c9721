import Foundation
import Primitives
import Testing

@Suite struct CertificateAuthorityTests {
    @Test func issuesCertificatesThatOpenSSLVerifies() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ca-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let now = UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let made = try CertificateAuthority(commonName: "Test authority", now: now)
        // Issued by an authority that was read again, as a restarted service does.
        let authority = CertificateAuthority(certificatePEM: made.certificatePEM, privateKeyPEM: made.privateKeyPEM)
        let leaf = try authority.issue(
            commonName: "front", hosts: ["localhost", "127.0.0.1", "::1"], uris: ["poste:front"], now: now)
        let roots = folder.appendingPathComponent("ca.pem")
        let certificate = folder.appendingPathComponent("leaf.pem")
        try made.certificatePEM.write(to: roots, atomically: true, encoding: .utf8)
        try leaf.certificatePEM.write(to: certificate, atomically: true, encoding: .utf8)
        for arguments in [["-verify_ip", "127.0.0.1"], ["-verify_hostname", "localhost"], ["-purpose", "sslclient"]] {
            #expect(try openssl(["verify", "-CAfile", roots.path] + arguments + [certificate.path]) == 0)
        }
        #expect(try openssl(["verify", "-CAfile", roots.path, "-verify_ip", "127.0.0.2", certificate.path]) != 0)
    }

    @Test func refusesAKeyThatIsNone() throws {
        let authority = CertificateAuthority(certificatePEM: "none", privateKeyPEM: SecretBytes(Array("none".utf8)))
        #expect(throws: CryptographyFailure.self) {
            try authority.issue(commonName: "x", hosts: ["localhost"], now: UTCTime(milliseconds: 0))
        }
    }

    private func openssl(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
