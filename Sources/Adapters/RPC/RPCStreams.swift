/// The messages that a client streams, in order. One task at a time may read them.
public struct RPCRequests: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = [UInt8]
    let core: CoreCall

    /// The next message; nil when the client has sent its last.
    ///
    /// Throws CANCELLED when the client is gone or the task is cancelled: a stream that breaks never looks like one that
    /// ended. After a cancelled task has stopped waiting another may go on.
    public func next() async throws(RPCStatus) -> [UInt8]? {
        switch await core.receive() {
        case .message(let octets): return octets
        case .end: return nil
        case .broken: throw RPCStatus(.cancelled, "the client is gone")
        case nil: throw RPCStatus(.cancelled, "the task is cancelled")
        }
    }

    /// Reads by ``RPCRequests/next()``.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let requests: RPCRequests

        /// As ``RPCRequests/next()``.
        public mutating func next() async throws(RPCStatus) -> [UInt8]? {
            try await requests.next()
        }
    }

    /// Iterators share the one stream.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(requests: self)
    }
}

/// The messages that a server streams to its client.
public struct RPCResponses: Sendable {
    let core: CoreCall

    /// Sends a message, and waits until flow control has taken it: who awaits this never piles up what the client does
    /// not read. Several tasks may send; they take turns.
    ///
    /// Throws CANCELLED when the client is gone or the task is cancelled.
    public func send(_ message: [UInt8]) async throws(RPCStatus) {
        switch await core.send(message) {
        case true: return
        case false: throw RPCStatus(.cancelled, "the client is gone")
        case nil: throw RPCStatus(.cancelled, "the task is cancelled")
        }
    }
}
