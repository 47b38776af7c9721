import RPC

/// What a front worker answers to senders and recipients: `posterestante.v1.Mailbox`.
public protocol MailboxHandlers: Sendable {
    /// One message of an exchange.
    func exchange(_ request: MIKEYMessage, _ context: RPCContext) async throws -> MIKEYMessage
    /// One deposit; the receipt comes when the log has it durably.
    func deposit(_ requests: Requests<DepositRequest>, _ context: RPCContext) async throws -> DepositReceipt
    /// A recipient's stream, for as long as he stays.
    func receive(
        _ requests: Requests<ReceiveRequest>, _ responses: Responses<ReceiveResponse>, _ context: RPCContext
    ) async throws
    /// Presence events for the log.
    func publishPresence(
        _ request: PublishPresenceRequest, _ context: RPCContext
    ) async throws -> PublishPresenceResponse
}

/// What a KMS answers: `posterestante.v1.KeyManagement`.
public protocol KeyManagementHandlers: Sendable {
    /// REQUEST_KEY_INIT.
    func requestKeys(_ request: MIKEYMessage, _ context: RPCContext) async throws -> MIKEYMessage
    /// The public parameters.
    func getParameters(_ request: GetParametersRequest, _ context: RPCContext) async throws -> GetParametersResponse
    /// A new account.
    func enroll(_ request: EnrollRequest, _ context: RPCContext) async throws -> EnrollResponse
}

/// What a front worker answers to delivery workers: `posterestante.v1.Push`.
public protocol PushHandlers: Sendable {
    /// Deposits for one recipient's stream.
    func push(
        _ requests: Requests<PushRequest>, _ responses: Responses<PushResponse>, _ context: RPCContext
    ) async throws
    /// A recipient to dial.
    func dial(_ request: DialRequest, _ context: RPCContext) async throws -> DialResponse
}

/// What a recipient's own program answers to his mailbox, where he can be dialled: `posterestante.v1.Contact`.
public protocol ContactHandlers: Sendable {
    /// The mailbox proves itself and delivers.
    func deliver(
        _ requests: Requests<ReceiveResponse>, _ responses: Responses<ReceiveRequest>, _ context: RPCContext
    ) async throws
}

extension RPCService {
    /// The mailbox service of a front worker.
    public static func mailbox(_ handlers: some MailboxHandlers) -> RPCService {
        RPCService(
            name: Methods.exchange.service,
            methods: [
                Methods.exchange.answered { try await handlers.exchange($0, $1) },
                Methods.deposit.answered { try await handlers.deposit($0, $1) },
                Methods.receive.answered { try await handlers.receive($0, $1, $2) },
                Methods.publishPresence.answered { try await handlers.publishPresence($0, $1) },
            ])
    }

    /// The service of a KMS.
    public static func keyManagement(_ handlers: some KeyManagementHandlers) -> RPCService {
        RPCService(
            name: Methods.requestKeys.service,
            methods: [
                Methods.requestKeys.answered { try await handlers.requestKeys($0, $1) },
                Methods.getParameters.answered { try await handlers.getParameters($0, $1) },
                Methods.enroll.answered { try await handlers.enroll($0, $1) },
            ])
    }

    /// The service of a front worker for delivery workers.
    public static func push(_ handlers: some PushHandlers) -> RPCService {
        RPCService(
            name: Methods.push.service,
            methods: [
                Methods.push.answered { try await handlers.push($0, $1, $2) },
                Methods.dial.answered { try await handlers.dial($0, $1) },
            ])
    }

    /// The service of a recipient's program for his mailbox.
    public static func contact(_ handlers: some ContactHandlers) -> RPCService {
        RPCService(
            name: Methods.deliver.service,
            methods: [Methods.deliver.answered { try await handlers.deliver($0, $1, $2) }])
    }
}
