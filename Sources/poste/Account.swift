import Foundation
import IdentityBasedEncryption
import MailboxAPI
import Primitives
import RPC

extension Command {
    /// `poste account`
    static let account = Command(
        name: "account", summary: "enrols the fronts of a domain with the KMS, for their option --account",
        synopsis: "DOMAIN", words: 1...1,
        discussion: """
            The KMS makes an account for sip:mailbox@DOMAIN, under which all fronts of the domain get its keys. The file has a
            pre-shared key: give it to fronts alone. Where the file is there already nothing is done. Fronts that share a folder
            with the KMS need none of this: the first one enrols.
            """,
        examples: [
            (
                "poste account example.com --kms kms:7400 --roots ca.crt --token-file enrolment.token --out example.com.account",
                "enrols the fronts of example.com"
            )
        ],
        options: [
            Option("kms", .value("HOST:PORT"), "the KMS", default: "127.0.0.1:7400"),
            Option("roots", .value("FILE"), "certificates in PEM that are trusted as roots"),
            Option("token-file", .value("FILE"), "a file with the KMS's enrolment token"),
            Option("out", .value("FILE"), "where to write the account"),
        ],
        run: makeAccount)

    @Sendable private static func makeAccount(_ arguments: Arguments) async throws {
        let domain = arguments.words[0]
        guard (try? Identity("sip:mailbox@\(domain)"))?.domain == domain else {
            throw arguments.usage("a domain is a name of letters, digits, '-' and '.', not \(domain)")
        }
        guard let out = arguments.value("out"), let roots = arguments.value("roots"),
            let tokenFile = arguments.value("token-file")
        else { throw arguments.usage("--roots, --token-file and --out are needed") }
        if FileManager.default.fileExists(atPath: out) {
            _ = try FrontAccount(path: out)
            return say("\(domain) has its account already, in \(out)")
        }
        let address = try arguments.address("kms", default: "127.0.0.1:7400")
        let channel = try RPCChannel(
            RPCChannelConfiguration(
                host: address.host, port: address.port, security: .tls(rootsPEM: try textFile(roots))))
        let account = try await FrontAccount.enroll(domain, token: try textFile(tokenFile), channel)
        let place = URL(fileURLWithPath: out)
        let folder = try ClusterFolder(path: place.deletingLastPathComponent().path)
        try folder.write(place.lastPathComponent, Array(try JSONEncoder().encode(account)))
        say("\(domain) is enrolled; its fronts' account is in \(out)")
    }
}

/// A text file that an option names, without white space around it.
func textFile(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw CommandFailure(.machine, "cannot read \(path)")
    }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}
