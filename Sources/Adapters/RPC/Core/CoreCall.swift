import CGRPC
import Synchronization

/// What arrives on a call.
enum Incoming: Sendable {
    case message([UInt8])
    /// The other side has sent its last message.
    case end
    /// The call is over before that: cancelled, timed out, or the connection is gone.
    case broken
}

/// One call of gRPC core, of either side: its operations as asynchronous functions.
///
/// gRPC wants operations of one call begun one at a time, one send and one receive under way at most, and the
/// addresses of results kept until the event. The lock and the events see to that. An operation cannot be taken back, so
/// a task that is cancelled stops waiting, and what arrives later is kept for the next one who asks.
final class CoreCall: Sendable {
    /// Ours until `deinit`. Cancelling is thread safe in gRPC, everything else happens under the lock.
    nonisolated(unsafe) let pointer: OpaquePointer
    /// What must not go before the call does: its queue, or its channel, whose end is that of its calls.
    private let owner: any AnyObject & Sendable
    private let state = Mutex(State())
    /// Of those who send.
    private let turns = Turns()

    private struct State {
        var receiving = Receiving.idle
        /// Whether initial metadata have been sent; a message before them would never complete.
        var isOpen = false
        var isFinished = false
        var isSending = false
        var sender: Sender?
        var sendCount: UInt64 = 0
    }

    /// Who waits until flow control has taken his message.
    private struct Sender {
        let number: UInt64
        let continuation: CheckedContinuation<Bool?, Never>
    }

    private enum Receiving {
        case idle
        case underWay(CheckedContinuation<Incoming?, Never>?)
        case arrived(Incoming)
        case over(Incoming)
    }

    /// Takes over the call. `isOpen` says that its initial metadata are sent elsewhere (by a client's first batch).
    init(adopting pointer: OpaquePointer, owner: any AnyObject & Sendable, isOpen: Bool) {
        self.pointer = pointer
        self.owner = owner
        state.withLock { $0.isOpen = isOpen }
    }

    deinit {
        // Every event of the call holds a reference to this object, so none is under way any more.
        grpc_call_unref(pointer)
    }

    /// Begins a batch under the lock. Returns false when gRPC refuses it: no event comes then.
    func begin(
        _ start: (OpaquePointer, UnsafeMutableRawPointer) -> grpc_call_error,
        then action: @escaping @Sendable (Bool) -> Void
    ) -> Bool {
        state.withLock { _ in
            Event.begin {
                start(pointer, $0)
            } then: { [self] success in
                withExtendedLifetime(self) { action(success) }
            }
        }
    }

    /// Ends the call at once, with CANCELLED or the given status. Harmless when it is over.
    func cancel(_ status: RPCStatus? = nil) {
        if let status {
            grpc_call_cancel_with_status(
                pointer, grpc_status_code(rawValue: Int32(status.code.rawValue)), status.message, nil)
        } else {
            grpc_call_cancel(pointer, nil)
        }
    }

    // Receiving

    /// The next message. Nil when the task was cancelled; the message, if one comes, is kept for the next caller.
    /// One task at a time may wait.
    func receive() async -> Incoming? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { wait(for: $0) }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Incoming?, Never>? in
                guard case .underWay(let waiter) = state.receiving else { return nil }
                state.receiving = .underWay(nil)
                return waiter
            }
            waiter?.resume(returning: nil)
        }
    }

    /// Asks gRPC for the next message before anybody waits for it, and calls `action` on the queue's thread.
    func receiveFirst(_ action: @escaping @Sendable (Incoming) -> Void) {
        let begun = state.withLock { state in
            state.receiving = .underWay(nil)
            return beginReceive { [self] incoming in
                self.state.withLock { $0.receiving = .idle }
                action(incoming)
            }
        }
        if !begun { action(.broken) }
    }

    private func wait(for continuation: CheckedContinuation<Incoming?, Never>) {
        let answer: Incoming?? = state.withLock { state in
            switch state.receiving {
            case .arrived(.message(let octets)):
                state.receiving = .idle
                return .some(.message(octets))
            case .arrived(let last), .over(let last):
                state.receiving = .over(last)
                return .some(last)
            // A cancelled task leaves at once; its cancellation handler has run or finds nothing to do.
            case .idle where Task.isCancelled, .underWay(nil) where Task.isCancelled: return .some(nil)
            case .underWay(nil):
                state.receiving = .underWay(continuation)
                return .none
            case .underWay: preconditionFailure("two tasks receive from one call at the same time")
            case .idle:
                guard beginReceive({ [self] in deliver($0) }) else {
                    state.receiving = .over(.broken)
                    return .some(.broken)
                }
                state.receiving = .underWay(continuation)
                return .none
            }
        }
        if let answer { continuation.resume(returning: answer) }
    }

    /// Under the lock.
    private func beginReceive(_ action: @escaping @Sendable (Incoming) -> Void) -> Bool {
        let message = Cell<CoreMessage?>()
        return Event.begin {
            cgrpc_receive_message(pointer, message.pointer, $0)
        } then: { [self] success in
            action(incoming(message, success))
        }
    }

    private func incoming(_ message: Cell<CoreMessage?>, _ success: Bool) -> Incoming {
        if let message = message.pointer.pointee {
            // What cannot be decompressed is no message.
            return message.octets.map { .message($0) } ?? .broken
        }
        // No message means half-close or cancellation; the transport knows which it was.
        return success && grpc_call_failed_before_recv_message(pointer) == 0 ? .end : .broken
    }

    private func deliver(_ incoming: Incoming) {
        let waiter = state.withLock { state -> CheckedContinuation<Incoming?, Never>? in
            guard case .underWay(let waiter) = state.receiving else { return nil }
            switch incoming {
            case .message: state.receiving = waiter == nil ? .arrived(incoming) : .idle
            case .end, .broken: state.receiving = .over(incoming)
            }
            return waiter
        }
        waiter?.resume(returning: incoming)
    }

    // Sending

    /// Sends a message and waits until flow control has taken it: that is the back-pressure. Tasks that send at the same
    /// time take turns. False when the call is over; nil when the task was cancelled (the message may still go out).
    func send(_ octets: [UInt8]) async -> Bool? {
        guard await turns.take() else { return nil }
        let number = state.withLock { state in
            state.sendCount += 1
            return state.sendCount
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { beginSend(octets, Sender(number: number, continuation: $0)) }
        } onCancel: {
            // This message may be gone already, and the next task's under way.
            let sender = state.withLock { state in state.sender?.number == number ? state.sender.take() : nil }
            sender?.continuation.resume(returning: nil)
        }
    }

    /// Sends the client's half-close after all messages before it. The outcome shows in the call's status.
    func halfClose() async {
        guard await turns.take() else { return }
        let begun = begin {
            cgrpc_client_half_close($0, $1)
        } then: { [turns] _ in
            turns.pass()
        }
        if !begun { turns.pass() }
    }

    /// Ends the server's side: a last message where there is one, and the status. When a message is still stuck in flow
    /// control the call is cut instead, since the status could not overtake it.
    func finish(_ message: [UInt8]?, _ status: RPCStatus) {
        let isStuck = state.withLock { state in
            guard !state.isFinished else { return false }
            state.isFinished = true
            guard !state.isSending else { return true }
            let opens: Int32 = state.isOpen ? 0 : 1
            state.isOpen = true
            _ = Event.begin { tag in
                status.withCore { code, details, metadata, count in
                    guard let message else {
                        return cgrpc_server_finish(pointer, opens, nil, code, details, metadata, count, tag)
                    }
                    return CoreMessage.withMessage(message) {
                        cgrpc_server_finish(pointer, opens, $0, code, details, metadata, count, tag)
                    }
                }
            } then: { [self] _ in
                withExtendedLifetime(self) {}
            }
            return false
        }
        if isStuck {
            cancel(status.code == .ok ? RPCStatus(.aborted, "the answer was stuck behind unread messages") : status)
        }
    }

    private func beginSend(_ octets: [UInt8], _ sender: Sender) {
        let answer: Bool?? = state.withLock { state in
            if Task.isCancelled { return .some(nil) }
            guard !state.isFinished else { return .some(false) }
            let opens: Int32 = state.isOpen ? 0 : 1
            state.isOpen = true
            let begun = Event.begin { tag in
                CoreMessage.withMessage(octets) { cgrpc_send_message(pointer, opens, $0, tag) }
            } then: { [self] success in
                sent(success)
            }
            guard begun else { return .some(false) }
            state.isSending = true
            state.sender = sender
            return .none
        }
        guard let answer else { return }
        turns.pass()
        sender.continuation.resume(returning: answer)
    }

    private func sent(_ success: Bool) {
        let sender = state.withLock { state in
            state.isSending = false
            return state.sender.take()
        }
        turns.pass()
        sender?.continuation.resume(returning: success)
    }
}
