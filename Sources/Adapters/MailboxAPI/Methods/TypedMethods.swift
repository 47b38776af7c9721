import RPC

/// A method of one message each way.
public struct UnaryMethod<Request: ProtobufMessage, Response: ProtobufMessage>: Sendable {
    /// The service's full name.
    public let service: String
    /// The method's name within it.
    public let name: String

    /// A method of a service.
    package init(_ service: String, _ name: String) {
        self.service = service
        self.name = name
    }

    /// `/service/method`.
    public var path: String { "/\(service)/\(name)" }

    /// The method with a closure that answers it. Requests that cannot be read get INVALID_ARGUMENT.
    public func answered(
        by handler: @escaping @Sendable (Request, RPCContext) async throws -> Response
    ) -> RPCMethod {
        .unary(name) { octets, context in
            try await handler(Request(received: octets, code: .invalidArgument), context).encoded
        }
    }
}

/// A method of a stream of messages with one answer.
public struct ClientStreamingMethod<Request: ProtobufMessage, Response: ProtobufMessage>: Sendable {
    /// The service's full name.
    public let service: String
    /// The method's name within it.
    public let name: String

    init(_ service: String, _ name: String) {
        self.service = service
        self.name = name
    }

    /// `/service/method`.
    public var path: String { "/\(service)/\(name)" }

    /// The method with a closure that answers it.
    public func answered(
        by handler: @escaping @Sendable (Requests<Request>, RPCContext) async throws -> Response
    ) -> RPCMethod {
        .clientStreaming(name) { requests, context in
            try await handler(Requests(stream: requests), context).encoded
        }
    }
}

/// A method of one message with a stream of answers.
public struct ServerStreamingMethod<Request: ProtobufMessage, Response: ProtobufMessage>: Sendable {
    /// The service's full name.
    public let service: String
    /// The method's name within it.
    public let name: String

    init(_ service: String, _ name: String) {
        self.service = service
        self.name = name
    }

    /// `/service/method`.
    public var path: String { "/\(service)/\(name)" }

    /// The method with a closure that answers it.
    public func answered(
        by handler: @escaping @Sendable (Request, Responses<Response>, RPCContext) async throws -> Void
    ) -> RPCMethod {
        .serverStreaming(name) { octets, responses, context in
            let request = try Request(received: octets, code: .invalidArgument)
            try await handler(request, Responses(stream: responses), context)
        }
    }
}

/// A method of streams both ways.
public struct BidirectionalMethod<Request: ProtobufMessage, Response: ProtobufMessage>: Sendable {
    /// The service's full name.
    public let service: String
    /// The method's name within it.
    public let name: String

    init(_ service: String, _ name: String) {
        self.service = service
        self.name = name
    }

    /// `/service/method`.
    public var path: String { "/\(service)/\(name)" }

    /// The method with a closure that answers it.
    public func answered(
        by handler: @escaping @Sendable (Requests<Request>, Responses<Response>, RPCContext) async throws -> Void
    ) -> RPCMethod {
        .bidirectional(name) { requests, responses, context in
            try await handler(Requests(stream: requests), Responses(stream: responses), context)
        }
    }
}

extension ProtobufMessage {
    /// Reads what a peer has sent; a fault becomes a status that names it.
    init(received octets: [UInt8], code: RPCCode) throws(RPCStatus) {
        do {
            try self.init(decoding: octets)
        } catch {
            throw RPCStatus(code, "\(Self.name) cannot be read: \(error)")
        }
    }
}
