/// Every method of the .proto files, with the messages that it takes and gives.
public enum Methods {
    private static let mailbox = "posterestante.v1.Mailbox"
    private static let keyManagement = "posterestante.v1.KeyManagement"
    private static let pushService = "posterestante.v1.Push"
    private static let contact = "posterestante.v1.Contact"
    private static let health = "grpc.health.v1.Health"

    /// One MIKEY message of an exchange with a mailbox, and its answer.
    public static let exchange = UnaryMethod<MIKEYMessage, MIKEYMessage>(mailbox, "Exchange")
    /// Leaves one deposit.
    public static let deposit = ClientStreamingMethod<DepositRequest, DepositReceipt>(mailbox, "Deposit")
    /// A recipient's stream.
    public static let receive = BidirectionalMethod<ReceiveRequest, ReceiveResponse>(mailbox, "Receive")
    /// Injects presence events.
    public static let publishPresence = UnaryMethod<PublishPresenceRequest, PublishPresenceResponse>(
        mailbox, "PublishPresence")

    /// REQUEST_KEY_INIT and its answer.
    public static let requestKeys = UnaryMethod<MIKEYMessage, MIKEYMessage>(keyManagement, "RequestKeys")
    /// The public parameters.
    public static let getParameters = UnaryMethod<GetParametersRequest, GetParametersResponse>(
        keyManagement, "GetParameters")
    /// Makes an account.
    public static let enroll = UnaryMethod<EnrollRequest, EnrollResponse>(keyManagement, "Enroll")

    /// Pushes deposits into a recipient's stream.
    public static let push = BidirectionalMethod<PushRequest, PushResponse>(pushService, "Push")

    /// Has a front dial a recipient's contact.
    public static let dial = UnaryMethod<DialRequest, DialResponse>(pushService, "Dial")

    /// A mailbox delivers to a recipient whom it has dialled: the messages of `receive`, the roles turned round.
    public static let deliver = BidirectionalMethod<ReceiveResponse, ReceiveRequest>(contact, "Deliver")

    /// The health of a service, now.
    public static let checkHealth = UnaryMethod<HealthCheckRequest, HealthCheckResponse>(health, "Check")
    /// The health of a service, now and at each change.
    public static let watchHealth = ServerStreamingMethod<HealthCheckRequest, HealthCheckResponse>(health, "Watch")

    /// What a server serves, for `grpcurl` and its like.
    public static let reflect = reflection("v1")
    /// The same for programs that know only the older name.
    public static let reflectAlpha = reflection("v1alpha")

    private static func reflection(
        _ version: String
    ) -> BidirectionalMethod<ServerReflectionRequest, ServerReflectionResponse> {
        BidirectionalMethod("grpc.reflection.\(version).ServerReflection", "ServerReflectionInfo")
    }
}
