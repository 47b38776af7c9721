import Mailbox
import Synchronization

/// The recipients' streams that this front holds, by their names.
final class StreamRegistry: Sendable {
    private let streams = Mutex<[StreamID: RecipientStream]>([:])

    func add(_ stream: RecipientStream) { streams.withLock { $0[stream.id] = stream } }

    func remove(_ id: StreamID) { _ = streams.withLock { $0.removeValue(forKey: id) } }

    subscript(_ id: StreamID) -> RecipientStream? { streams.withLock { $0[id] } }

    /// All of them, for renewing their leases.
    var all: [RecipientStream] { streams.withLock { Array($0.values) } }
}
