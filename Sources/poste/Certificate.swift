import Foundation

extension Command {
    /// `poste certificate`
    static let certificate = Command(
        name: "certificate", summary: "issues a certificate for a role, for its option --tls",
        synopsis: "kms|front|delivery-worker|proxy", words: 1...1,
        discussion: """
            Writes tls.crt, tls.key and ca.crt into a folder. The authority lies in the cluster's folder, and is made where there is
            none: keep ca.key where no role runs, and give each role its own files alone. Delivery workers are let in by their
            role, fronts and the KMS are known by their hosts. Valid for a year; issue anew at any time.
            """,
        examples: [
            (
                "poste certificate front --cluster authority --host front --host front.example.com --out tls/front",
                "for all fronts, under one name"
            ),
            ("poste certificate delivery-worker --cluster authority --out tls/deliver", "for all delivery workers"),
        ],
        options: [
            Option("host", .values("NAME"), "a DNS name or an address that callers use; may be repeated"),
            Option("out", .value("FOLDER"), "where to write"), .cluster, .home,
        ],
        run: issueCertificate)

    @Sendable private static func issueCertificate(_ arguments: Arguments) async throws {
        let role = arguments.words[0]
        guard ["kms", "front", "delivery-worker", "proxy"].contains(role) else {
            throw arguments.usage("a certificate is for kms, front, delivery-worker or proxy, not \(role)")
        }
        guard let out = arguments.value("out") else { throw arguments.usage("--out says where to write") }
        let authority = try ClusterFolder(path: arguments.value("cluster") ?? arguments.homePath + "/dev")
        let credentials = try authority.credentials(role: role, hosts: arguments.values("host"))
        let folder = try ClusterFolder(path: out)
        try folder.write(ServiceIdentity.rootsName, Array(try authority.authority().certificatePEM.utf8))
        try folder.write(ServiceIdentity.keyName, credentials.privateKeyPEM.exposedCopy())
        try folder.write(ServiceIdentity.certificateName, Array(credentials.certificatePEM.utf8))
        say("a certificate for \(role) is in \(out)")
    }
}
