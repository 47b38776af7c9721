import MailboxClient
import Synchronization

/// Everybody who sends and receives in a run.
package final class Crowd: Sendable {
    private static let names = ["anna", "ben", "cleo", "dora", "emil"]
    private let people: [Person]
    private let contents: ContentMaker
    private let journal: Journal
    private let seed: UInt64
    private let isOver = Mutex(false)

    /// Enrols them.
    package init(
        contents: ContentMaker, journal: Journal, seed: UInt64, domain: String, home: String, endpoints: EndpointSource,
        token: String
    ) async throws {
        var people: [Person] = []
        for name in Self.names {
            people.append(try await Person(name, domain: domain, home: home, endpoints, token: token))
        }
        self.people = people
        self.contents = contents
        self.journal = journal
        self.seed = seed
    }

    /// Lets everybody receive until the task is cancelled.
    package func receive() async {
        await withTaskGroup(of: Void.self) { group in
            for (index, person) in people.enumerated() {
                // The first two are always there: their silences are the cluster's.
                let habit = index < 2 ? Recipient.Habit.steady : Recipient.Habit.allCases[(index - 1) % 4]
                let recipient = Recipient(
                    person: person, habit: habit, contents: contents, journal: journal, seed: seed &* 31 &+ UInt64(index))
                group.addTask { await recipient.run() }
            }
        }
    }

    /// Lets everybody send until `endSending`; the last one sends parcels.
    package func send() async {
        await withTaskGroup(of: Void.self) { group in
            for (index, person) in people.enumerated() {
                let sender = Sender(
                    person: person, others: people.filter { $0.name != person.name },
                    habit: index == people.count - 1 ? .parcels : .letters, contents: contents, journal: journal,
                    seed: seed &* 37 &+ UInt64(index))
                group.addTask { await sender.run { self.isOver.withLock { $0 } } }
            }
        }
    }

    /// Nobody begins another deposit.
    package func endSending() { isOver.withLock { $0 = true } }
}
