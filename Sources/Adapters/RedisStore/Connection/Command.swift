/// A command and its arguments, any octets.
package struct Command: Sendable {
    let arguments: [[UInt8]]
    /// Octets of all arguments, with what RESP adds to each.
    let size: Int
    /// Whether the node is asked for a slot that is on its way to it (Redis Cluster's ASKING).
    var isAsking = false

    /// A command from its name and arguments.
    package init(_ name: String, _ arguments: [[UInt8]] = []) {
        self.arguments = [Array(name.utf8)] + arguments
        size = self.arguments.reduce(16) { $0 + $1.count + 16 }
    }

    /// A command from words.
    package init(words name: String, _ words: String...) {
        self.init(name, words.map { Array($0.utf8) })
    }
}
