import Foundation

/// Why a member of a local cluster did not do what it should: what happened, and the end of its log.
public struct LocalClusterError: Error, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Kind: Sendable {
        /// Something that is not part of this package is not on the machine: Kafka, Java, redis-server.
        case missing
        /// A member did not start, or ended by itself.
        case member
        /// The machine refused a file, a process or a port.
        case machine
        /// It was called in a way that makes no sense for the configuration.
        case misuse
    }

    /// What kind of trouble it is.
    public let kind: Kind
    /// What happened, in words, with the end of the member's log where there is one.
    public let description: String

    init(_ kind: Kind, _ description: String, log: URL? = nil) {
        self.kind = kind
        guard let log, let text = try? String(contentsOf: log, encoding: .utf8), !text.isEmpty else {
            self.description = description
            return
        }
        let end = text.split(separator: "\n").suffix(8).joined(separator: "\n")
        self.description = "\(description). The end of \(log.path):\n\(end)"
    }
}
