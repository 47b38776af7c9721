import CGRPC
import Glibc

/// Settings of a server or channel, by gRPC's names.
struct ChannelArguments {
    private var integers: [(String, Int)] = []
    private var strings: [(String, String)] = []

    /// What is the same for both sides.
    init(maxMessageOctets: Int, keepalive: Duration, keepaliveTimeout: Duration) {
        self["grpc.max_receive_message_length"] = maxMessageOctets
        self["grpc.max_send_message_length"] = maxMessageOctets
        // Without it a stream that nobody reads takes 4 MiB before it stalls, with it 63 KiB at the same speed.
        self["grpc.http2.bdp_probe"] = 0
        self["grpc.keepalive_time_ms"] = keepalive.milliseconds
        self["grpc.keepalive_timeout_ms"] = keepaliveTimeout.milliseconds
        // Else gRPC stops its pings after two that no data follow, and an idle stream is never found dead.
        self["grpc.http2.max_pings_without_data"] = 0
        self["grpc.enable_channelz"] = 0
        self["grpc.max_channel_trace_event_memory_per_node"] = 0
    }

    subscript(_ name: String) -> Int? {
        get { integers.last { $0.0 == name }?.1 }
        set { if let newValue { integers.append((name, newValue)) } }
    }

    mutating func set(_ name: String, _ value: String) {
        strings.append((name, value))
    }

    /// Hands the settings to gRPC, which copies them.
    func withCore<Result>(_ body: (UnsafePointer<grpc_channel_args>) -> Result) -> Result {
        // gRPC's settings point to C strings of ours; they live until `body` has returned.
        var owned: [UnsafeMutablePointer<CChar>] = []
        func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
            let pointer = strdup(text)
            guard let pointer else { preconditionFailure("no memory") }
            owned.append(pointer)
            return pointer
        }
        defer { for pointer in owned { gpr_free(pointer) } }
        var list = integers.map { cgrpc_integer_argument(copy($0.0), Int32(clamping: $0.1)) }
        list += strings.map { cgrpc_string_argument(copy($0.0), copy($0.1)) }
        return list.withUnsafeMutableBufferPointer { buffer in
            var arguments = grpc_channel_args(num_args: buffer.count, args: buffer.baseAddress)
            return body(&arguments)
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that no wait becomes none.
    var milliseconds: Int {
        Int(components.seconds) * 1000 + Int((components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
