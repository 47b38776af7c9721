import RPC

/// The messages that a client streams, in order. One task at a time may read them.
public struct Requests<Message: ProtobufMessage>: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = Message
    let stream: RPCRequests

    /// The next message; nil when the client has sent its last. Throws as ``RPC/RPCRequests/next()`` does, and
    /// INVALID_ARGUMENT for what cannot be read.
    public func next() async throws(RPCStatus) -> Message? {
        guard let octets = try await stream.next() else { return nil }
        return try Message(received: octets, code: .invalidArgument)
    }

    /// Reads by ``Requests/next()``.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let requests: Requests

        /// As ``Requests/next()``.
        public mutating func next() async throws(RPCStatus) -> Message? {
            try await requests.next()
        }
    }

    /// Iterators share the one stream.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(requests: self)
    }
}

/// The messages that a server streams to its client.
public struct Responses<Message: ProtobufMessage>: Sendable {
    let stream: RPCResponses

    /// Sends a message, and waits until flow control has taken it. Throws as ``RPC/RPCResponses/send(_:)`` does.
    public func send(_ message: Message) async throws(RPCStatus) {
        try await stream.send(message.encoded)
    }
}

/// A call of a client with streams; see ``RPC/RPCCall``.
public struct Call<Request: ProtobufMessage, Response: ProtobufMessage>: Sendable {
    let call: RPCCall

    /// Sends a message, and waits until flow control has taken it. False when the call is over: ``receive()`` says how.
    ///
    /// Throws CANCELLED when the task is cancelled, and nothing else.
    public func send(_ message: Request) async throws(RPCStatus) -> Bool {
        try await call.send(message.encoded)
    }

    /// Says that no more messages follow.
    public func finish() async {
        await call.finish()
    }

    /// The next message; nil when the server has sent its last and said OK.
    ///
    /// Throws the call's status when it ended otherwise, INTERNAL for what cannot be read.
    public func receive() async throws(RPCStatus) -> Response? {
        guard let octets = try await call.receive() else { return nil }
        return try Response(received: octets, code: .internal)
    }

    /// Says that no more messages follow, and waits for the one answer of a client-streaming call.
    public func response() async throws(RPCStatus) -> Response {
        try Response(received: try await call.response(), code: .internal)
    }

    /// As ``RPC/RPCCall/peerCertificateDigest``.
    public var peerCertificateDigest: [UInt8]? { call.peerCertificateDigest }

    /// Ends the call; the server's handler is cancelled.
    public func cancel() {
        call.cancel()
    }
}

extension RPCChannel {
    /// Calls a method of one message each way; see ``RPC/RPCChannel/unary(_:_:deadline:metadata:waitsForReady:)``.
    public func call<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ request: Request, deadline: Duration? = nil,
        metadata: RPCMetadata = [:], waitsForReady: Bool = false
    ) async throws(RPCStatus) -> Response {
        let octets = try await unary(
            method.path, request.encoded, deadline: deadline, metadata: metadata, waitsForReady: waitsForReady)
        return try Response(received: octets, code: .internal)
    }

    /// Opens a call whose messages the caller streams.
    public func open<Request, Response>(
        _ method: ClientStreamingMethod<Request, Response>, deadline: Duration? = nil, metadata: RPCMetadata = [:],
        waitsForReady: Bool = false
    ) throws(RPCStatus) -> Call<Request, Response> {
        Call(
            call: try clientStreaming(
                method.path, deadline: deadline, metadata: metadata, waitsForReady: waitsForReady))
    }

    /// Calls a method with one message and a stream of answers.
    public func open<Request, Response>(
        _ method: ServerStreamingMethod<Request, Response>, _ request: Request, deadline: Duration? = nil,
        metadata: RPCMetadata = [:], waitsForReady: Bool = false
    ) async throws(RPCStatus) -> Call<Request, Response> {
        Call(
            call: try await serverStreaming(
                method.path, request.encoded, deadline: deadline, metadata: metadata, waitsForReady: waitsForReady))
    }

    /// Opens a call with streams both ways.
    public func open<Request, Response>(
        _ method: BidirectionalMethod<Request, Response>, deadline: Duration? = nil, metadata: RPCMetadata = [:],
        waitsForReady: Bool = false
    ) throws(RPCStatus) -> Call<Request, Response> {
        Call(
            call: try bidirectional(
                method.path, deadline: deadline, metadata: metadata, waitsForReady: waitsForReady))
    }
}
