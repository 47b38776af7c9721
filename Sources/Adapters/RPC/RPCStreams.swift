/// The messages that a client streams, in order. One task at a time may read them.
public struct RPCRequests: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = [UInt8]
    let call: ServerCall

    /// The next message; nil when the client has sent its last.
    ///
    /// Throws CANCELLED when the client is gone or the task is cancelled: a stream that breaks never looks like one that
    /// ended. After a cancelled task has stopped waiting another may go on.
    public func next() async throws(RPCStatus) -> [UInt8]? {
        switch await call.core.receive() {
        case .message(let octets): return octets
        case .end: return nil
        case .broken: throw ServerCall.clientIsGone
        case nil: throw call.whyCancelled
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
    let call: ServerCall

    /// Sends a message, and waits until flow control has taken it: who awaits this never piles up what the client does
    /// not read. Several tasks may send; they take turns.
    ///
    /// Throws CANCELLED when the client is gone or the task is cancelled.
    public func send(_ message: [UInt8]) async throws(RPCStatus) {
        guard let sent = await call.core.send(message) else { throw call.whyCancelled }
        guard sent else { throw ServerCall.clientIsGone }
    }
}
