import IdentityBasedEncryption
import Mailbox
import RPC
import Synchronization

/// The recipients' streams that this front holds, by their names.
final class StreamRegistry: Sendable {
    private struct State {
        var streams: [StreamID: RecipientStream] = [:]
        var end: RPCStatus?
    }

    private let state = Mutex(State())

    func add(_ stream: RecipientStream) {
        let end = state.withLock { state in
            state.streams[stream.id] = stream
            return state.end
        }
        if let end { stream.end.set(end) }
    }

    func remove(_ id: StreamID) { _ = state.withLock { $0.streams.removeValue(forKey: id) } }

    subscript(_ id: StreamID) -> RecipientStream? { state.withLock { $0.streams[id] } }

    /// Whether one of them is this recipient's.
    func holdsStream(of recipient: Identity) -> Bool {
        state.withLock { $0.streams.values.contains { $0.recipient == recipient } }
    }

    /// All of them, for renewing their leases.
    var all: [RecipientStream] { state.withLock { Array($0.streams.values) } }

    /// Ends all of them, and those that come later as they come.
    func end(_ status: RPCStatus) {
        let streams = state.withLock { state in
            state.end = status
            return state.streams.values
        }
        for stream in streams { stream.end.set(status) }
    }
}
