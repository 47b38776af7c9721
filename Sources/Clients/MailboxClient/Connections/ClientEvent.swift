/// What a client tells about its work while it is at it.
public enum ClientEvent: Sendable, Hashable {
    /// A message went out and its answer came back.
    case exchanged(ExchangeStep)
    /// Something failed and will be tried again after a pause.
    case retrying(service: String, reason: String, pause: Duration)
}

/// One message of a protocol and its answer.
public struct ExchangeStep: Sendable, Hashable {
    /// The name of the message sent, as in RFC 6267: `I_MESSAGE_1`, `REQUEST_KEY_INIT_PSK`.
    public var sent: String
    /// Its octets.
    public var sentOctets: Int
    /// The name of the answer.
    public var received: String
    /// Its octets.
    public var receivedOctets: Int
    /// The address that it went to.
    public var address: String
    /// From before it was sent until its answer was there.
    public var duration: Duration
}
