/// What is timed. An operation's clock starts when the plan says that it starts, not when the generator gets to it: a
/// cluster that stalls is charged for all that should have happened meanwhile (no coordinated omission).
public enum Stage: String, Sendable, CaseIterable {
    /// From the planned start of a deposit that needs an exchange of its own until that exchange has ended.
    case handshake
    /// From the planned start of a deposit until its receipt was checked, an exchange included where it needs one.
    case deposit
    /// From the planned start of a recipient's coming online until the first octets of what waited are there.
    case presenceToFirstPush = "presence_to_first_push"
    /// From the planned start of a recipient's coming online until all that waited has come.
    case presenceToDrained = "presence_to_drained"
    /// From the planned start of a deposit until its recipient has it, who was online and had all that came before.
    case delivery
    /// The same for those whom the scenario is about: the mailbox of a crowd, slow recipients.
    case deliveryInFocus = "delivery_in_focus"
    /// From a recipient's acknowledgement until the mailbox has said that its log has it. Without recipients who are slow in
    /// hearing that.
    case ack

    /// From when to when, in a few words.
    var note: String {
        switch self {
        case .handshake: "planned start to the end of the exchange"
        case .deposit: "planned start to the receipt, exchange included"
        case .presenceToFirstPush: "planned coming online to the first octets"
        case .presenceToDrained: "planned coming online to all that waited"
        case .delivery, .deliveryInFocus: "planned start to a recipient who is online"
        case .ack: "acknowledgement sent to logged"
        }
    }

    /// As people read it.
    public var title: String {
        switch self {
        case .handshake: "handshake"
        case .deposit: "deposit"
        case .presenceToFirstPush: "presence to first push"
        case .presenceToDrained: "presence to drained"
        case .delivery: "delivery"
        case .deliveryInFocus: "delivery in focus"
        case .ack: "ack"
        }
    }
}
