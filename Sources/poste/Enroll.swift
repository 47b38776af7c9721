import Foundation
import IdentityBasedEncryption
import MailboxClient
import Primitives

extension Command {
    static let enroll = Command(
        name: "enroll", summary: "makes an account at the KMS, and its profile on this machine",
        synopsis: "URI...", words: 1...16,
        discussion: """
            The KMS gives the account a pre-shared key, with which this machine asks for the private keys
            of each day. The profile lies in HOME/profiles. Its keys are sealed under a passphrase
            (--passphrase-file), or under a random key that lies beside them: that protects copies and
            backups without this one file, and nothing from who reads the whole folder.

            After 'poste dev' no other setting is needed. Otherwise say where the services are, whom TLS
            trusts there, and give the KMS's enrolment token.
            """,
        examples: [
            ("poste enroll sip:alice@example.com", "enrols Alice at the services that 'poste dev' has started"),
            (
                "poste enroll sip:bob@example.com --kms kms.example.com:7400 --front front.example.com:7401 "
                    + "--roots ca.pem --token-file token", "enrols Bob at services elsewhere"
            ),
        ],
        options: [
            .home, .kms, .front, .roots, .endpoints,
            Option(
                "token-file", .value("FILE"), "a file with the enrolment token", default: "as the endpoints file says"),
            Option("profile", .value("NAME"), "the name of the profile", default: "the first URI"),
            Option("replace", .flag, "replace a profile that is there; what was received stays"),
            .passphraseFile, .retryFor, .insecureTestLevel, .json,
        ],
        run: enroll)

    /// What `enroll --json` prints.
    private struct Report: Encodable {
        let identities: [String]
        let profile: String
        let kms: String
        let isNew: Bool

        private enum CodingKeys: String, CodingKey {
            case identities, profile, kms
            case isNew = "new"
        }
    }

    @Sendable private static func enroll(_ arguments: Arguments) async throws {
        let identities = try arguments.words.map { try arguments.identity($0, what: "enroll") }
        let name = arguments.value("profile") ?? identities[0].description
        let folder = name.contains("/") ? name : Profile.folder(named: name, home: arguments.homePath)
        let replaces = Profile.exists(at: folder)
        if replaces, !arguments.has("replace") { return try reportExisting(arguments, identities, folder) }
        // The old profile is the only one that has its key: it goes when there is a new one.
        let place = replaces ? Profile.replacement(of: folder) : folder
        let (endpoints, token) = try arguments.enrolmentEndpoints()
        var enrolment = MailboxClient.Enrolment(identities: identities, endpoints: endpoints, token: token)
        enrolment.acceptsTestLevel = arguments.has("insecure-test-level")
        let narrator = Narrator(tellsSteps: false)
        var profile = try await MailboxClient.enroll(
            enrolment, at: place, passphrase: try arguments.passphrase, retryBudget: try arguments.retryBudget,
            observe: narrator.tell)
        if replaces {
            try Profile.replace(at: folder)
            profile = try Profile.open(at: folder, passphrase: try arguments.passphrase)
        }
        var configuration = MailboxClient.Configuration()
        configuration.retryBudget = try arguments.retryBudget
        configuration.observe = narrator.tell
        try await MailboxClient(profile, configuration).fetchKeys()
        try report(arguments, profile, isNew: true)
    }

    private static func reportExisting(
        _ arguments: Arguments, _ identities: [Identity], _ folder: String
    ) throws {
        let profile = try Profile.open(at: folder, passphrase: try arguments.passphrase)
        guard identities.allSatisfy(profile.account.identities.contains) else {
            throw MailboxClientError.profileExists(path: folder)
        }
        try report(arguments, profile, isNew: false)
    }

    private static func report(_ arguments: Arguments, _ profile: Profile, isNew: Bool) throws {
        let names = profile.account.identities.map(\.description)
        guard arguments.has("json") else {
            let state = isNew ? "is enrolled" : "was enrolled before"
            return say("\(names.joined(separator: ", ")) \(state); profile in \(profile.folder)")
        }
        try printJSON(
            Report(identities: names, profile: profile.folder, kms: profile.account.kms.description, isNew: isNew))
    }
}

extension Arguments {
    /// Where the services are and the token of the KMS: as given, otherwise as the endpoints file says.
    fileprivate func enrolmentEndpoints() throws -> (EndpointSource, token: String) {
        let fronts = values("front")
        let given = [value("kms") != nil, !fronts.isEmpty, value("roots") != nil]
        let source: EndpointSource
        var tokenPath = value("token-file")
        if given.allSatisfy({ $0 }), let kms = value("kms"), let roots = value("roots") {
            source = .fixed(Endpoints(kms: kms, fronts: fronts, roots: try text(of: roots)))
        } else {
            guard !given.contains(true) else { throw usage("--kms, --front and --roots belong together") }
            guard let file = try EndpointsFile.read(endpointsPath) else {
                throw CommandFailure(
                    .unavailable,
                    "there is no \(endpointsPath); start 'poste dev', or give --kms, --front, --roots and --token-file")
            }
            source = .file(endpointsPath)
            tokenPath = tokenPath ?? file.enrolmentToken
        }
        guard let tokenPath else { throw usage("the KMS's enrolment token is needed: --token-file FILE") }
        return (source, try text(of: tokenPath).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private func text(of path: String) throws -> String {
        String(
            decoding: try OpenFile(NSString(string: path).expandingTildeInPath, O_RDONLY).readNext(1 << 20),
            as: UTF8.self)
    }
}
