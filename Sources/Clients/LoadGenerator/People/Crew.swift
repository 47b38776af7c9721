import Foundation
import IdentityBasedEncryption
import MailboxClient
import Primitives
import WorkPool

/// Users of one account, who share a client, its connections and an inbox.
struct Crew: Sendable {
    let client: MailboxClient
    let inbox: Inbox

    /// A crew from its profile. Its keys are not yet at hand. Throws `MailboxClientError`.
    init(_ profile: Profile, pool: WorkPool, retryFor: Duration, recorder: Recorder) throws {
        var configuration = MailboxClient.Configuration()
        configuration.retryBudget = retryFor
        configuration.sharedPool = pool
        configuration.observe = { event in
            if case .retrying(let service, let reason, _) = event { recorder.count(.retried("\(service): \(reason)")) }
        }
        client = MailboxClient(profile, configuration)
        inbox = try Inbox(of: profile, now: MailboxClient.systemTime())
    }
}

/// All users of a run.
package struct Population: Sendable {
    /// Who they are, by number.
    package let identities: [Identity]
    private let crews: [Crew]
    private let numbers: [String: Int]

    /// The users of these profiles: their identities in order.
    ///
    /// Throws `MailboxClientError`.
    package init(_ profiles: [Profile], users: Int, retryFor: Duration, recorder: Recorder) throws {
        let pool = WorkPool(
            name: "poste-load", threadCount: ProcessInfo.processInfo.activeProcessorCount, queueLimit: 1 << 20)
        crews = try profiles.map { try Crew($0, pool: pool, retryFor: retryFor, recorder: recorder) }
        identities = Array(profiles.flatMap(\.account.identities).prefix(users))
        numbers = Dictionary(uniqueKeysWithValues: identities.enumerated().map { ("\($0.element)", $0.offset) })
    }

    /// Takes the keys of all users to hand, which costs some ms for each: before the clock starts.
    ///
    /// Throws `MailboxClientError`.
    package func warmUp() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for crew in crews { group.addTask { try await crew.client.fetchKeys() } }
            try await group.waitForAll()
        }
    }

    /// The crew of a user.
    func crew(of user: Int) -> Crew { crews[user / Fixture.crewSize] }

    /// The number of the user of that name; nil where there is none.
    func number(of name: String) -> Int? { numbers[name] }
}
