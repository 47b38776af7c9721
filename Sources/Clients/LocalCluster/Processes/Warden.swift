import Foundation

/// Ends every process of a folder when this process has ended, however it ended.
///
/// A shell of its own waits for its standard input to close, which only the end of this process or `release` brings
/// about. Then it kills whatever is registered in `FOLDER/pids` or is a broker below `FOLDER/kafka`, and, where that
/// is wanted, removes the folder. A process counts only while its command line still names the folder: numbers of
/// processes are used again.
final class Warden: Sendable {
    private let shell: ChildProcess
    private let lifeline: FileHandle

    init(folder: String, removesFolder: Bool) throws(LocalClusterError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 else {
            throw LocalClusterError(.machine, "cannot open a pipe: \(String(cString: strerror(errno)))")
        }
        lifeline = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        defer { close(ends[0]) }
        shell = try ChildProcess(
            ["/bin/sh", "-c", Self.script, folder, removesFolder ? "remove" : "keep"], standardInput: ends[0])
    }

    // What is being started while it looks is found the second time.
    private static let script = """
        trap '' INT TERM HUP QUIT
        cat >/dev/null
        for round in 1 2; do
            for file in "$0"/pids/* "$0"/kafka/*/pid; do
                pid=$(cat "$file" 2>/dev/null) || continue
                if tr '\\0' '\\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$0"; then
                    kill -9 -- "-$pid" || kill -9 "$pid"
                    found=yes
                fi
            done
            [ -n "$found" ] && [ "$round" = 1 ] && sleep 0.5
        done
        [ "$1" != remove ] || rm -rf "$0"
        """

    /// Lets it do its work now, and waits for it.
    func release() async {
        try? lifeline.close()
        await shell.ended(within: .seconds(30))
    }
}
