import RPC

extension RPCContext {
    /// Where a call comes from, as admission counts: the peer, or whom a trusted proxy says it called for.
    func source(trustsForwardedFor: Bool) -> String {
        // What stands before the last entry is the caller's own word.
        guard trustsForwardedFor, let list = metadata["x-forwarded-for"],
            let last = list.split(separator: ",").last?.drop(while: { $0 == " " }), !last.isEmpty
        else { return peerAddress }
        return String(last.prefix(64))
    }
}
