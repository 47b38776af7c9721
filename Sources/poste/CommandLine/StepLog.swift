import MailboxClient
import Primitives
import Synchronization

/// Remembers which front served which message, and tells what happens.
final class StepLog: Sendable {
    private let narrator: Narrator
    private let addresses = Mutex<[String: String]>([:])

    init(_ narrator: Narrator) { self.narrator = narrator }

    /// The address that served each message last, by the message's name.
    var fronts: [String: String] { addresses.withLock { $0 } }

    @Sendable func note(_ event: ClientEvent) {
        if case .exchanged(let step) = event { addresses.withLock { $0[step.sent] = step.address } }
        narrator.tell(event)
    }
}

/// A time in milliseconds since 1970 as people read it.
func time(_ milliseconds: Int64) -> String { UTCTime(milliseconds: milliseconds).description }
