import CGRPC
import Glibc

/// What happens when an operation is over. gRPC carries it as a tag, so it is retained when the operation begins and
/// released by the one event that ends it.
final class Event: Sendable {
    private let action: @Sendable (Bool) -> Void

    private init(_ action: @escaping @Sendable (Bool) -> Void) {
        self.action = action
    }

    /// Begins an operation: `start` gets the tag. Returns false when gRPC refuses the operation; `action` is then never
    /// called. It is called on the queue's thread and must not block.
    static func begin(
        _ start: (UnsafeMutableRawPointer) -> grpc_call_error, then action: @escaping @Sendable (Bool) -> Void
    ) -> Bool {
        // gRPC holds the event as an untyped pointer; the retain is balanced in `deliver`, or here if none will come.
        let event = Unmanaged.passRetained(Event(action))
        guard start(event.toOpaque()) == GRPC_CALL_OK else {
            event.release()
            return false
        }
        return true
    }

    static func deliver(_ event: grpc_event) {
        // The tag is what `begin` handed out, and each comes back exactly once.
        Unmanaged<Event>.fromOpaque(event.tag).takeRetainedValue().action(event.success != 0)
    }
}

/// gRPC's queue of events with the thread that waits for them.
///
/// gRPC moves octets only while a thread waits here, so the thread is the queue's own and never one of the cooperative
/// pool. One queue and thread serve better than two on two cores.
final class CompletionQueue: Sendable {
    /// The queue of all client channels of the process. It is never shut down.
    static let clients = CompletionQueue()

    /// gRPC's own object, thread safe by its documentation; valid until `deinit`.
    nonisolated(unsafe) let pointer: OpaquePointer

    init() {
        _ = Library.start
        pointer = grpc_completion_queue_create_for_next(nil)
        // The thread owns a reference of its own until the queue is shut down and drained.
        let owner = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let failure = pthread_create(&thread, nil, { CompletionQueue.run($0) }, owner.toOpaque())
        precondition(failure == 0, "the system refuses gRPC a thread (error \(failure)): raise its limit")
        pthread_detach(thread)
    }

    /// Takes no further operations; the thread ends when the events under way have come.
    func shutdown() {
        grpc_completion_queue_shutdown(pointer)
    }

    deinit {
        grpc_completion_queue_destroy(pointer)
    }

    private static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let owner = Unmanaged<CompletionQueue>.fromOpaque(argument)
        let pointer = owner._withUnsafeGuaranteedRef { $0.pointer }
        let forever = gpr_inf_future(GPR_CLOCK_MONOTONIC)
        while true {
            let event = grpc_completion_queue_next(pointer, forever, nil)
            switch event.type {
            case GRPC_OP_COMPLETE: Event.deliver(event)
            case GRPC_QUEUE_SHUTDOWN:
                owner.release()
                return nil
            default: continue
            }
        }
    }
}
