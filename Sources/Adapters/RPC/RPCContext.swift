/// What a handler may know of its call.
public struct RPCContext: Sendable {
    /// The method, as `/service/method`.
    public let path: String
    /// Where the call comes from, `127.0.0.1:40112` or `[::1]:40112`. Not authenticated.
    public let peer: String
    /// The subject alternative names of the peer's certificate, verified against the server's client roots. Empty
    /// without such a certificate.
    public let peerNames: [String]
    /// What the client sent along.
    public let metadata: RPCMetadata
    /// When the client stops waiting; nil when it never does.
    public let deadline: ContinuousClock.Instant?
    let arrival: ContinuousClock.Instant
    let call: ServerCall

    /// ``peer`` without the port: what admission counts by.
    public var peerAddress: String {
        peer.lastIndex(of: ":").map { String(peer[..<$0]) } ?? peer
    }

    /// Whether the call is over for the client. The handler's task is cancelled then, too.
    public var isCancelled: Bool { call.isCancelled }
}
