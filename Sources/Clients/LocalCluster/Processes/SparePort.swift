import Foundation
import Synchronization

/// Ports on loopback that nobody uses, below those that the system gives to clients: one that a member leaves for a
/// while, killed and started again, is still free.
enum SparePort {
    private static let given = Mutex<Set<Int>>([])

    /// A port that was free just now, and that this process was not given before.
    static func next() throws(LocalClusterError) -> Int {
        for _ in 0..<1000 {
            // Brokers take from 20,000 to 32,000.
            let port = Int.random(in: 12_000..<20_000)
            if isFree(port), given.withLock({ $0.insert(port).inserted }) { return port }
        }
        throw LocalClusterError(.machine, "no free port on 127.0.0.1 between 12000 and 20000")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withAddress(of: port) { bind(descriptor, $0, $1) == 0 }
    }

    /// Whether somebody takes connections at a port.
    static func answers(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withAddress(of: port) { connect(descriptor, $0, $1) == 0 }
    }

    // The calls of sockets take a pointer to the general form of an address.
    private static func withAddress(of port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
