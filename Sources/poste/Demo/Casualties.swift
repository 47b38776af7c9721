import LocalCluster
import Synchronization

/// Who is killed in the demo, each at the worst moment.
final class Casualties: Sendable {
    private let killed = Mutex<[DemoReport.Casualty]>([])

    /// Those that were killed, in order.
    var all: [DemoReport.Casualty] { killed.withLock { $0 } }

    /// Kills a member (SIGKILL) the first time that it is called for this moment of the story.
    ///
    /// - Parameter moment: what happens meanwhile, as the report has it.
    /// - Returns: what the story tells of it; nil where it was called before.
    func kill(_ role: LocalRole, _ moment: String) -> String? {
        guard let pid = role.pid else { return nil }
        let isFirst = killed.withLock { killed in
            guard !killed.contains(where: { $0.moment == moment }) else { return false }
            killed.append(DemoReport.Casualty(name: role.name, pid: pid, moment: moment))
            return true
        }
        guard isFirst else { return nil }
        role.killAtOnce()
        return "\(role.name), process \(pid), is killed (SIGKILL) \(moment)"
    }
}
