import Synchronization

/// A Lua script that servers keep by its SHA-1, which the first server that loads it tells.
final class Script: Sendable {
    let text: String
    private let digest = Mutex<[UInt8]?>(nil)

    init(_ text: String) { self.text = text }

    func learn(_ digest: [UInt8]) { self.digest.withLock { $0 = digest } }

    /// The call by digest where that is known, by the text otherwise.
    func call(keys: [[UInt8]], arguments: [[UInt8]]) -> Command {
        guard let digest = digest.withLock({ $0 }) else { return callByText(keys: keys, arguments: arguments) }
        return Command("EVALSHA", [digest, Array(String(keys.count).utf8)] + keys + arguments)
    }

    /// The call with the text, after which the server knows the script.
    func callByText(keys: [[UInt8]], arguments: [[UInt8]]) -> Command {
        Command("EVAL", [Array(text.utf8), Array(String(keys.count).utf8)] + keys + arguments)
    }
}
