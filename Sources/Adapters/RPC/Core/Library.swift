import CGRPC
import Glibc
import Synchronization

/// What gRPC core reports about itself: failed handshakes, sockets, its own faults. Never contents of messages.
public enum RPCLog {
    /// How grave a line is.
    public enum Severity: Sendable {
        /// For those who look for a fault.
        case info
        /// Something failed; the one concerned has got an error, too.
        case error
    }

    private static let sink = Mutex<(@Sendable (Severity, String) -> Void)?>(nil)

    /// Sends gRPC's own log lines to `sink`. Without a sink they are dropped: what a caller must know is in the errors
    /// that he gets. The sink is called on gRPC's threads and must neither block nor call this module.
    public static func send(to sink: @escaping @Sendable (Severity, String) -> Void) {
        self.sink.withLock { $0 = sink }
    }

    static func write(_ severity: Severity, _ line: String) {
        // The last words before gRPC ends the process; a sink may not come to write them.
        if line.hasPrefix("assertion failed") {
            let words = "gRPC: \(line)\n"
            _ = Glibc.write(STDERR_FILENO, words, words.utf8.count)
        }
        sink.withLock { $0 }?(severity, line)
    }
}

/// gRPC core in this process. It is started once and stays: shutting it down has no use before the process ends.
enum Library {
    /// Touch before any other call of gRPC.
    static let start: Void = {
        // TLS 1.3 only. No function of gRPC core sets the lowest version. What this variable names are the suites of
        // TLS 1.2 (those of 1.3 are always on), and a suite with a pre-shared key, which neither side ever has,
        // leaves no way to agree on 1.2. An outside setting is overwritten: it could only weaken this.
        setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-CBC-SHA", 1)
        gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR)
        gpr_set_log_function { arguments in
            guard let line = arguments?.pointee, let text = line.message else { return }
            RPCLog.write(line.severity == GPR_LOG_SEVERITY_ERROR ? .error : .info, String(cString: text))
        }
        grpc_init()
    }()
}
