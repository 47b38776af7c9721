import Foundation
import IdentityBasedEncryption
import MailboxClient
import Primitives
import StateFolder

/// The users of load runs, kept in a folder, so that a run does not wait for the KMS: accounts of 16 identities each, with
/// their private keys of today and three days more. It grows when more users are asked for, and fetches keys when the day
/// has changed; whatever it has, the KMS gave.
///
/// The folder holds `fixture.json`, a profile for each account, and what its owner puts there beside them.
package struct Fixture: Sendable {
    /// Identities of an account: as many as a KMS takes.
    package static let crewSize = 16

    /// The folder.
    package let folder: String
    /// The domain of the users.
    package let domain: String
    /// What their names begin with; random, so that they are new to any KMS.
    package let prefix: String
    // Held open: its owner alone changes the folder.
    private let lock: StateFolder

    private struct Description: Codable {
        var domain: String
        var prefix: String
    }

    /// Opens a fixture, or makes an empty one; waits while another process has it.
    ///
    /// Throws `StateFolderError`, `MailboxClientError.damaged`.
    package static func open(_ folder: String, domain: String) async throws -> Fixture {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let deadline = ContinuousClock.now + .seconds(300)
        while true {
            do {
                return try Fixture(folder, domain: domain)
            } catch StateFolderError.locked where ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private init(_ folder: String, domain: String) throws {
        lock = try StateFolder(path: folder, marker: "fixture.lock")
        self.folder = folder
        self.domain = domain
        if let octets = try lock.read("fixture.json") {
            guard let known = try? JSONDecoder().decode(Description.self, from: Data(octets)), known.domain == domain
            else {
                throw MailboxClientError.damaged(
                    path: "\(folder)/fixture.json", reason: "not of a fixture of \(domain); remove the folder")
            }
            prefix = known.prefix
        } else {
            prefix = "load-" + hexadecimal(try SystemRandom().octets(3))
            try lock.write(
                "fixture.json", Array(try JSONEncoder().encode(Description(domain: domain, prefix: prefix))))
        }
    }

    /// The identity of a user. Throws `InvalidIdentity`.
    package func identity(of user: Int) throws -> Identity { try Identity("sip:\(prefix)-\(user)@\(domain)") }

    /// The numbers of the accounts of so many users.
    private func crews(of users: Int) -> Range<Int> { 0..<(users + Self.crewSize - 1) / Self.crewSize }

    private func folder(ofCrew crew: Int) -> String { Profile.folder(named: "crew-\(crew)", home: folder) }

    /// Whether all accounts and today's keys of so many users are there.
    package func isReady(users: Int, today: UTCDay) -> Bool {
        crews(of: users).allSatisfy { hasKeys(ofCrew: $0, today) }
    }

    private func hasKeys(ofCrew crew: Int, _ today: UTCDay) -> Bool {
        guard let profile = try? Profile.open(at: folder(ofCrew: crew), passphrase: nil),
            let cache = try? KeyCache(of: profile)
        else { return false }
        return profile.account.identities.allSatisfy { cache.keys[DatedIdentity($0, on: today)] != nil }
    }

    /// Where and how users are enrolled.
    package struct Enrolment: Sendable {
        /// Where the services are.
        package var endpoints: EndpointSource
        /// The KMS's enrolment token.
        package var token: String
        /// Whether parameters of security level 1024 are accepted.
        package var acceptsTestLevel: Bool

        package init(endpoints: EndpointSource, token: String, acceptsTestLevel: Bool) {
            self.endpoints = endpoints
            self.token = token
            self.acceptsTestLevel = acceptsTestLevel
        }
    }

    /// Enrols whoever of so many users is missing, and fetches the keys of today that are missing.
    /// - Parameter progress: hears how many users are ready.
    /// Throws `MailboxClientError`.
    package func prepare(
        users: Int, _ enrolment: Enrolment, today: UTCDay, progress: @escaping @Sendable (Int) -> Void
    ) async throws {
        let ready = Gauge()
        try await withThrowingTaskGroup(of: Void.self) { group in
            // As many at a time as keep two cores of a KMS busy.
            var underway = 0
            for crew in crews(of: users) where !hasKeys(ofCrew: crew, today) {
                if underway == 4 {
                    try await group.next()
                } else {
                    underway += 1
                }
                group.addTask {
                    try await enrol(crew, enrolment)
                    _ = ready.add(below: .max)
                    progress(min(users, ready.count * Self.crewSize))
                }
            }
            try await group.waitForAll()
        }
    }

    private func enrol(_ crew: Int, _ enrolment: Enrolment) async throws {
        let place = folder(ofCrew: crew)
        let profile: Profile
        if Profile.exists(at: place) {
            // Its endpoints may be those of an earlier time.
            try Self.write(try Self.account(at: place, at: enrolment.endpoints), at: place)
            profile = try Profile.open(at: place, passphrase: nil)
        } else {
            var order = MailboxClient.Enrolment(
                identities: try (0..<Self.crewSize).map { try identity(of: crew * Self.crewSize + $0) },
                endpoints: enrolment.endpoints, token: enrolment.token)
            order.acceptsTestLevel = enrolment.acceptsTestLevel
            profile = try await MailboxClient.enroll(order, at: place, passphrase: nil)
        }
        try await MailboxClient(profile).fetchKeys()
    }

    /// Copies the profiles of so many users to a folder, with other endpoints: what a run writes is its own.
    ///
    /// Throws `MailboxClientError`.
    package func copyProfiles(users: Int, to copy: String, endpoints: EndpointSource) throws -> [Profile] {
        try crews(of: users).map { crew in
            let source = folder(ofCrew: crew)
            let place = Profile.folder(named: "crew-\(crew)", home: copy)
            let files = FileManager.default
            do {
                try files.createDirectory(
                    atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                for name in try files.contentsOfDirectory(atPath: source)
                where name.hasSuffix(".sealed") || name.hasSuffix(".key") {
                    try Self.write(
                        try Data(contentsOf: URL(fileURLWithPath: "\(source)/\(name)")), to: "\(place)/\(name)")
                }
                try Self.write(try Self.account(at: source, at: endpoints), at: place)
            } catch let error as MailboxClientError {
                throw error
            } catch {
                throw MailboxClientError.machine(reason: "cannot copy \(source): \(error.localizedDescription)")
            }
            return try Profile.open(at: place, passphrase: nil)
        }
    }

    private static func account(at folder: String, at endpoints: EndpointSource) throws -> Account {
        let known = try Profile.open(at: folder, passphrase: nil).account
        return Account(
            identities: known.identities, kms: known.kms, pskName: known.pskName, endpoints: endpoints,
            acceptsTestLevel: known.acceptsTestLevel)
    }

    private static func write(_ account: Account, at folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(try encoder.encode(account), to: "\(folder)/account.json")
    }

    private static func write(_ data: Data, to path: String) throws {
        // A name that is there keeps its mode.
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
}
