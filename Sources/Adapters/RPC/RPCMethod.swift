/// A service: its full name and its methods.
public struct RPCService: Sendable {
    /// With its package, for example `grpc.health.v1.Health`.
    public let name: String
    /// Each with a name of its own.
    public let methods: [RPCMethod]

    /// A service for ``RPCServer``.
    public init(name: String, methods: [RPCMethod]) {
        self.name = name
        self.methods = methods
    }
}

/// One method of a service with the closure that answers it.
///
/// A handler runs in a task of its own on the cooperative pool; it must not block a thread. The task is cancelled when
/// the client goes away, its deadline passes, or the server's grace at shutdown is over. A thrown ``RPCStatus`` is what
/// the client sees; any other error becomes INTERNAL without its text, which goes to the server's observer.
public struct RPCMethod: Sendable {
    enum Handler: Sendable {
        case unary(@Sendable ([UInt8], RPCContext) async throws -> [UInt8])
        case clientStreaming(@Sendable (RPCRequests, RPCContext) async throws -> [UInt8])
        case serverStreaming(@Sendable ([UInt8], RPCResponses, RPCContext) async throws -> Void)
        case bidirectional(@Sendable (RPCRequests, RPCResponses, RPCContext) async throws -> Void)
    }

    /// Without the service, for example `Check`.
    public let name: String
    let handler: Handler

    /// Whether the client sends a stream of messages.
    public var takesStream: Bool {
        switch handler {
        case .unary, .serverStreaming: false
        case .clientStreaming, .bidirectional: true
        }
    }

    /// Whether the server answers with a stream of messages: such calls may last for days and have a limit of their own.
    public var givesStream: Bool {
        switch handler {
        case .unary, .clientStreaming: false
        case .serverStreaming, .bidirectional: true
        }
    }

    /// One message in, one out.
    public static func unary(
        _ name: String, _ handler: @escaping @Sendable ([UInt8], RPCContext) async throws -> [UInt8]
    ) -> RPCMethod {
        RPCMethod(name: name, handler: .unary(handler))
    }

    /// A stream of messages in, one out. The handler may answer before the stream has ended.
    public static func clientStreaming(
        _ name: String, _ handler: @escaping @Sendable (RPCRequests, RPCContext) async throws -> [UInt8]
    ) -> RPCMethod {
        RPCMethod(name: name, handler: .clientStreaming(handler))
    }

    /// One message in, a stream out, which ends when the handler returns.
    public static func serverStreaming(
        _ name: String, _ handler: @escaping @Sendable ([UInt8], RPCResponses, RPCContext) async throws -> Void
    ) -> RPCMethod {
        RPCMethod(name: name, handler: .serverStreaming(handler))
    }

    /// Streams both ways. The call ends when the handler returns.
    public static func bidirectional(
        _ name: String, _ handler: @escaping @Sendable (RPCRequests, RPCResponses, RPCContext) async throws -> Void
    ) -> RPCMethod {
        RPCMethod(name: name, handler: .bidirectional(handler))
    }
}
