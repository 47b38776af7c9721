import Foundation
import LoadGenerator
import LocalCluster
import Synchronization

/// How much memory the roles of a cluster have resident, as the kernel says.
final class ProcessMemory: Sendable {
    private let roles: [LocalRole]
    private let pending = Mutex<[String: UInt64]>([:])

    init(_ roles: [LocalRole]) { self.roles = roles }

    /// Notes what is resident now, with a backlog, once they have had a moment to fold it.
    func notePending() async {
        try? await Task.sleep(for: .seconds(2))
        for role in roles {
            let octets = Self.octets("VmRSS", of: role)
            pending.withLock { $0[role.name] = octets }
        }
    }

    /// The figures of all roles.
    var figures: [LoadReport.Process] {
        roles.compactMap { role in
            Self.octets("VmHWM", of: role).map { peak in
                LoadReport.Process(
                    name: role.name, peakResidentBytes: peak, pendingResidentBytes: pending.withLock { $0[role.name] })
            }
        }
    }

    private static func octets(_ field: String, of role: LocalRole) -> UInt64? {
        guard let pid = role.pid, let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field + ":") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ UInt64($0) })
        else { return nil }
        return kilobytes * 1024
    }
}
