import Foundation
import Synchronization

/// A process of its own: started, watched, frozen, and ended by signals that can reach no other process.
///
/// It starts with an empty standard input, its output in a file, and no other descriptor of its parent. Unlike
/// Foundation's `Process` it does not wait for what the process leaves behind.
public final class ChildProcess: Sendable {
    /// How a process ended.
    public enum End: Sendable, Hashable {
        /// By itself, with this status.
        case exited(Int32)
        /// By this signal.
        case killed(Int32)
    }

    /// The process's number.
    public let pid: pid_t
    private let state: Mutex<End?>

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - command: a path, or a name that is looked up in PATH, and its arguments.
    ///   - environment: variables over those of this process.
    ///   - outputFile: what it prints is appended there.
    ///   - pidFile: gets the process's number before the command begins.
    /// - Throws: `LocalClusterError` when it cannot be started; that a command is not there shows as its end, status 127.
    public init(
        _ command: [String], environment: [String: String] = [:], outputFile: String, pidFile: String? = nil
    ) throws(LocalClusterError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputFile, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        pid = try Self.spawn(command, environment, pidFile: pidFile, &actions)
        state = Mutex(nil)
    }

    /// Starts a command that lives as long as somebody holds the other end of its standard input.
    init(_ command: [String], standardInput: Int32) throws(LocalClusterError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        pid = try Self.spawn(command, [:], pidFile: nil, &actions)
        state = Mutex(nil)
    }

    private static func spawn(
        _ command: [String], _ environment: [String: String], pidFile: String?,
        _ actions: inout posix_spawn_file_actions_t
    ) throws(LocalClusterError) -> pid_t {
        let words = ["/bin/bash", "-c", beginning, pidFile ?? ""] + command
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // posix_spawn takes C strings: made here, freed here.
        var arguments = words.map { strdup($0) } + [nil]
        var settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + settings { free(text) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this process ignores or blocks the child does not.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // In a group of its own, so that what a terminal or a time limit sends to this process's group ends this process
        // alone, which then ends the others in good order.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/bash", &actions, &attributes, &arguments, &settings)
        guard code == 0 else {
            throw LocalClusterError(.machine, "cannot start \(command.first ?? ""): \(String(cString: strerror(code)))")
        }
        return pid
    }

    // The shell closes what it was not meant to have (glibc's own call for that is not to be had from Swift), and writes
    // its number, which stays that of the command that takes its place.
    private static let beginning = """
        for fd in /proc/self/fd/*; do n=${fd##*/}; [ "$n" -le 2 ] || eval "exec $n>&-"; done
        [ -z "$0" ] || echo $$ >"$0"
        exec "$@"
        """

    /// How it ended; nil while it runs or is frozen.
    public var end: End? { state.withLock { reap(&$0) } }

    /// Whether it runs, frozen or not.
    public var isRunning: Bool { end == nil }

    /// Sends a signal; none where it has ended.
    public func signal(_ number: Int32) {
        // Under the lock nobody else can have collected it: its number is still its own.
        state.withLock { state in
            if reap(&state) == nil { kill(pid, number) }
        }
    }

    /// Waits for its end, for at most `limit`; nil when it still runs then.
    @discardableResult
    public func ended(within limit: Duration) async -> End? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let end { return end }
            guard ContinuousClock.now < deadline else { return nil }
            // Also in a task that is cancelled: what was started must still be ended.
            await withCheckedContinuation { continuation in
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(10)) { continuation.resume() }
            }
        }
    }

    /// Ends it in good order (SIGTERM), and kills it when it has not ended within `limit`.
    public func terminate(within limit: Duration = .seconds(10)) async {
        signal(SIGTERM)
        signal(SIGCONT)
        if await ended(within: limit) == nil { await killed() }
    }

    /// Kills it (SIGKILL), and waits until it is gone.
    public func killed() async {
        signal(SIGKILL)
        await ended(within: .seconds(30))
    }

    private func reap(_ state: inout End?) -> End? {
        guard state == nil else { return state }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        // Of wait(2): the low seven bits are the signal, the next octet the status.
        state = status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .killed(status & 0x7f)
        return state
    }
}

/// The process that starts others, as those see it.
public enum ParentProcess {
    /// The variable in which a role of `poste` finds the number of the process that it must not outlive.
    public static let variable = "POSTE_PARENT"

    /// The process that started this one, and that this one must not outlive; none where a person started it.
    public static var pid: pid_t? { ProcessInfo.processInfo.environment[variable].flatMap { pid_t($0) } }

    /// Returns when that process has ended, killed or not, or the task is cancelled.
    public static func waitForEnd(of parent: pid_t) async {
        // An orphan gets another parent.
        while getppid() == parent, (try? await Task.sleep(for: .milliseconds(500))) != nil {}
    }
}
