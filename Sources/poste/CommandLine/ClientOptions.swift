import Foundation
import IdentityBasedEncryption
import MailboxClient
import Primitives

/// Options of the subcommands that act for a user.
extension Option {
    static let profile = Option(
        "profile", .value("NAME"), "which profile under HOME/profiles, or a path to one",
        default: "the one that has the identity")
    static let retryFor = Option(
        "retry-for", .value("TIME"), "how long what fails is tried again, such as 30s or 10m", default: "60s")
    static let kms = Option("kms", .value("HOST:PORT"), "where the KMS is", default: "as the endpoints file says")
    static let front = Option(
        "front", .values("HOST:PORT"), "where a front worker is; give it once for each",
        default: "as the endpoints file says")
    static let roots = Option(
        "roots", .value("FILE"), "certificates in PEM that are trusted as roots", default: "as the endpoints file says")
    static let endpoints = Option(
        "endpoints", .value("FILE"), "a file in which a server says where it is", default: "HOME/dev/endpoints.json")
    static let user: [Option] = [.home, .profile, .passphraseFile, .retryFor, .json]
}

extension Arguments {
    /// How long what fails is tried again.
    var retryBudget: Duration {
        get throws { .seconds(try seconds("retry-for", default: 60)) }
    }

    /// The path of the endpoints file.
    var endpointsPath: String {
        let path =
            value("endpoints").map { NSString(string: $0).expandingTildeInPath } ?? "\(homePath)/dev/endpoints.json"
        return URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// What opens the keys at rest, where a file was given.
    var passphrase: SecretBytes? {
        get throws {
            try value("passphrase-file").map(passphraseFromFile)
        }
    }

    /// An identity that an option gives.
    func identity(_ name: String) throws -> Identity? {
        guard let text = value(name) else { return nil }
        return try identity(text, what: "--\(name)")
    }

    /// An identity from text.
    func identity(_ text: String, what: String) throws -> Identity {
        do {
            let identity = try Identity(text)
            guard identity.domain != nil else {
                throw usage("\(what) takes a URI such as sip:bob@example.com, not \(text)")
            }
            return identity
        } catch let fault as InvalidIdentity {
            throw usage("\(what): \(fault)")
        }
    }

    /// The profile and the identity to act as: those given, or the only ones that there are.
    func openProfile(as option: String) throws -> (profile: Profile, identity: Identity) {
        let wanted = try identity(option)
        let profile = try Profile.open(at: try profileFolder(wanted, option), passphrase: try passphrase)
        return (profile, wanted ?? profile.account.identities[0])
    }

    /// The profile that has the identity, or the one given.
    func openProfile(of identity: Identity) throws -> Profile {
        try Profile.open(at: try profileFolder(identity, "profile"), passphrase: try passphrase)
    }

    private func profileFolder(_ wanted: Identity?, _ option: String) throws -> String {
        if let name = value("profile") {
            return name.contains("/")
                ? NSString(string: name).expandingTildeInPath : Profile.folder(named: name, home: homePath)
        }
        if let wanted {
            return Profile.find(wanted, home: homePath) ?? Profile.folder(named: wanted.description, home: homePath)
        }
        let all = Profile.all(home: homePath)
        guard let only = all.first else {
            throw CommandFailure(.unknownName, "nobody is enrolled under \(homePath); begin with 'poste enroll URI'")
        }
        guard all.count == 1 else {
            let names = all.flatMap(\.account.identities).map(\.description).joined(separator: ", ")
            throw usage("--\(option) is needed, since there is more than one: \(names)")
        }
        return only.folder
    }
}

/// Tells a person on standard error what a client does, where that is wanted.
struct Narrator: Sendable {
    /// Whether each message of a protocol is told, or retries alone.
    let tellsSteps: Bool

    func tell(_ event: ClientEvent) {
        switch event {
        case .exchanged(let step):
            guard tellsSteps else { return }
            warn(
                "\(step.sent) (\(step.sentOctets) octets) to \(step.address), back \(step.received) "
                    + "(\(step.receivedOctets) octets) after \(milliseconds(step.duration)) ms")
        case .retrying(let service, let reason, let pause):
            warn("the \(service) does not answer (\(reason)); trying again in \(milliseconds(pause)) ms")
        }
    }
}

/// A duration in whole milliseconds.
func milliseconds(_ duration: Duration) -> Int { Int(duration / .milliseconds(1)) }

/// Says something on standard error.
func warn(_ line: String) {
    FileHandle.standardError.write(Data("poste: \(line)\n".utf8))
}
