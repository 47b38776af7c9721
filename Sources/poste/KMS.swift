import Foundation
import IdentityBasedEncryption
import KeyManagement
import RPC
import WorkPool

extension Command {
    /// `poste kms`
    static let kms = Command(
        name: "kms", summary: "run the key management service", synopsis: "", words: 0...0,
        discussion: """
            Makes public parameters and a master secret at its first start (level 3072 takes some seconds, 7680 minutes), seals
            the secret at rest, enrols accounts, and gives each account the private keys of its identities, one a day.
            Who runs the KMS can open every stored message: keep it apart from the mailboxes.
            """,
        examples: [
            ("poste kms", "serve example.com on 127.0.0.1:7400, with state in ~/.poste/dev/kms"),
            ("poste kms --remove sip:bob@example.com", "let bob enrol again who has lost his pre-shared key"),
            ("poste kms --passphrase-file old --new-passphrase-file new", "change the passphrase; do so again where it was interrupted"),
            ("poste kms --domain mail.example --listen 0.0.0.0:7400 --passphrase-file /run/secrets/kms",
                "serve a domain of your own, its secrets sealed under a passphrase"),
        ],
        options: [
            Option("listen", .value("HOST:PORT"), "where to serve", default: "127.0.0.1:7400"), .domains,
            Option("level", .value("BITS"), "security level of new parameters: 2048, 3072, 7680", default: "3072"),
            Option(
                "token-file", .value("FILE"), "a file with the enrolment token", default: "enrolment.token of the state, made there"),
            Option("remove", .value("URI"), "remove the account that has this identity, and end; the KMS must not run"),
            Option(
                "new-passphrase-file", .value("FILE"),
                "seal the secrets under the passphrase of this file instead, and end; the KMS must not run"),
            Option(
                "new-audit-log", .flag, "put an audit log that was damaged aside, and begin another which says so"),
        ] + ServiceOptions.all
    ) { arguments in
        let options = try ServiceOptions(arguments, component: "kms")
        let address = try arguments.address("listen", default: "127.0.0.1:7400")
        let roles = Roles(options: options)
        let open = { (roles: Roles) in
            try await roles.keyManagementState(
                domains: try arguments.domainNames(), level: try arguments.securityLevel(),
                beginsNewAuditLog: arguments.has("new-audit-log"), tokenFile: arguments.value("token-file"))
        }
        if let file = arguments.value("new-passphrase-file") {
            let files = try await roles.changePassphrase(toThatOf: file)
            // It opens with the new one, or this says why not.
            try await open(Roles(options: options.with(passphraseFile: file))).recordPassphraseChange(now: wallClock())
            return say(
                files.isEmpty ? "all secrets were sealed under that passphrase already"
                    : "sealed under the new passphrase: \(files.joined(separator: ", "))")
        }
        let state = try await open(roles)
        if let name = arguments.value("remove") {
            let identity = try Identity(name)
            guard try await onThread({ try state.removeAccount(of: identity, now: wallClock()) }) else {
                throw CommandFailure(.unknownName, "no account has the identity \(identity)")
            }
            return say("the account of \(identity) is removed; it can be enrolled again")
        }
        let admin = try Admin(options, role: "kms", waitingFor: ["keys"])
        let service = try roles.keyManagement(state, at: address)
        admin.readiness.ready("keys")
        let served = RPCAddress(host: address.host, port: service.port).description
        admin.setName(served)
        try options.announce("kms", ["kms": served].merging(admin.address) { first, _ in first })
        try await options.runUntilStopped([{ await admin.run() }])
        await service.shutdown()
        admin.stop()
    }
}
