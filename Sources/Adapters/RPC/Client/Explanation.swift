extension RPCStatus {
    /// What gRPC itself says about a connection, in words that name the fault and say what to do. What a server says is
    /// left as it is.
    func explained(_ address: String) -> RPCStatus {
        var status = self
        switch code {
        case .unavailable:
            if message.hasPrefix("failed to connect to all addresses") || message.hasPrefix("DNS resolution failed") {
                status.message = "cannot reach \(address): \(Self.reason(message))"
            } else if Self.losses.contains(where: { message.hasPrefix($0) }) {
                status.message = "lost the connection to \(address) (\(message)): try again"
            }
        case .deadlineExceeded where message == "Deadline Exceeded":
            status.message = "\(address) did not answer in time"
        case .cancelled where message.isEmpty || message == "CANCELLED" || message == "Cancelled":
            status.message = "the call was cancelled"
        default: break
        }
        return status
    }

    /// How gRPC core 1.51 begins its report of a connection that is gone.
    private static let losses = [
        "Socket closed", "recvmsg:", "sendmsg:", "Endpoint closing", "Connection reset", "Broken pipe",
        "keepalive watchdog timeout", "ping timeout", "GOAWAY received", "Cancelling all calls", "Connection dropped",
    ]

    private static func reason(_ message: String) -> String {
        let known: [(String, String)] = [
            ("Connection refused", "connection refused: is it running?"),
            ("DNS resolution failed", "there is no host of that name: check it"),
            (
                "certificate verify failed",
                "its TLS certificate is not trusted: check the roots, its dates and the clock"
            ),
            ("is not in peer certificate", "its TLS certificate is for another name: check the host"),
            ("wrong version number", "it does not speak TLS: check the port"),
            ("Ssl handshake failed", "the TLS handshake failed: does it speak TLS 1.3?"),
            ("Socket closed", "it closed the connection: does it want TLS, or a client certificate that it knows?"),
        ]
        if let (_, words) = known.first(where: { message.contains($0.0) }) { return words }
        // failed to connect to all addresses; last error: KIND: ipv4:1.2.3.4:5: what happened: why
        let parts = message.split(separator: ": ").dropFirst(3)
        return "\(parts.isEmpty ? message : parts.joined(separator: ": ")): is it running?"
    }
}
