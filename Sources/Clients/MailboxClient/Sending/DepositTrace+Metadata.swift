import Mailbox
import Primitives
import RPC

extension DepositTrace {
    /// Tells a front which trace a call belongs to.
    var metadata: RPCMetadata { [Self.header: "00-\(hexadecimal(id))-\(hexadecimal(senderSpan))-01"] }
}
