import Foundation

/// What the machine's loopback does without gRPC: a thread at each end of one TCP connection, blocking calls.
enum Yardstick {
    /// 1 KB there and back, one at a time: round trips a second.
    static func roundTrips(for seconds: Double) throws -> Double {
        try measure(seconds, message: 1024, answers: true)
    }

    /// 64 KiB one way: octets a second.
    static func throughput(for seconds: Double) throws -> Double {
        try measure(seconds, message: 65_536, answers: false) * 65_536
    }

    private static func measure(_ seconds: Double, message count: Int, answers: Bool) throws -> Double {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            // The calls want the general form of an address.
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try check(bind(listener, $0, length) == 0 && listen(listener, 1) == 0)
                try check(getsockname(listener, $0, &length) == 0)
            }
        }
        Thread.detachNewThread {
            let peer = accept(listener, nil, nil)
            noDelay(peer)
            var buffer = [UInt8](repeating: 0, count: count)
            while receive(peer, &buffer) {
                if answers { _ = send(peer, buffer, count, Int32(MSG_NOSIGNAL)) }
            }
            close(peer)
        }
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try check(connect(client, $0, length) == 0)
            }
        }
        noDelay(client)
        var buffer = [UInt8](repeating: 1, count: count)
        let start = ContinuousClock.now
        var done = 0
        while ContinuousClock.now - start < .seconds(seconds) {
            var sent = 0
            while sent < count {
                let written = buffer.withUnsafeBytes { octets in
                    send(client, octets.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
                }
                try check(written > 0)
                sent += written
            }
            if answers { try check(receive(client, &buffer)) }
            done += 1
        }
        return Double(done) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private static func receive(_ socket: Int32, _ buffer: inout [UInt8]) -> Bool {
        let count = buffer.count
        return buffer.withUnsafeMutableBytes { recv(socket, $0.baseAddress, count, Int32(MSG_WAITALL)) }
            == count
    }

    private static func noDelay(_ socket: Int32) {
        var yes: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func check(_ isRight: Bool) throws {
        guard isRight else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }
}
