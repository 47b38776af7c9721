import IdentityBasedEncryption
import MIKEY
import Primitives

/// Whom an initiator calls, and what it accepts.
public struct IBAKECall: Sendable {
    /// IDRi: oneself.
    public let initiator: Identity
    /// IDRr: whom to reach.
    public let called: Identity
    /// The curve of the points. A mailbox that stands in takes P-256 (docs/protocol.md choice 4).
    public var curve = ECDHCurve.p256
    /// The algorithms (docs/protocol.md choice 6).
    public var suite = AlgorithmSuite.sha256
    /// The crypto sessions to set up; none for a delivery or a fetch of mail (docs/protocol.md choice 9).
    public var map = CSIDMap.empty
    /// Names that may answer in place of the one called, having opened I_MESSAGE_1 (forking) or not (retargeting, a
    /// mailbox of another name). The mailbox of the one called may always answer (docs/protocol.md choices 13 and
    /// 16).
    public var acceptedResponders: Set<Identity> = []

    /// A call from one identity to another, with the defaults.
    public init(from initiator: Identity, to called: Identity) {
        self.initiator = initiator
        self.called = called
    }
}

/// Who answered a call, and what that means for it (docs/protocol.md choices 13 and 16).
public enum CallOutcome: Sendable, Hashable {
    /// The one called.
    case answered
    /// The mailbox of the one called: a deferred delivery.
    case deferred
    /// Another name that the policy lists, which opened I_MESSAGE_1.
    case forked
    /// Another name that the policy lists, which did not open it.
    case redirected

    /// Whether I_MESSAGE_2 brings a new ECCPTi and an ESK: where R_MESSAGE_1 had no ECCPTi (RFC 6267 section 4.2.2.5).
    var needsNewPoint: Bool { self == .deferred || self == .redirected }

    /// Judges the IDRr of R_MESSAGE_1 and whether ECCPTi came back in it. Throws `IBAKEError` where the policy does not
    /// accept that answer.
    init(_ call: IBAKECall, responder: Identity, broughtPointBack: Bool) throws(IBAKEError) {
        switch (responder, broughtPointBack) {
        case (call.called, true): self = .answered
        // Who is called by his own name and cannot open I_MESSAGE_1 answers with an Error (choice 14).
        case (call.called, false): throw .mismatch("an R_MESSAGE_1 of the one called without ECCPTi")
        // A mailbox that was not the one called cannot know ECCPTi (choice 13).
        case (call.called.mailbox, true): throw .mismatch("an R_MESSAGE_1 of the mailbox with ECCPTi")
        case (call.called.mailbox, false): self = .deferred
        case (_, let opened):
            guard call.acceptedResponders.contains(responder) else { throw .responderNotAccepted(responder) }
            self = opened ? .forked : .redirected
        }
    }
}
