import Foundation

/// What a service writes into its `--ready-file` once it serves.
public struct ReadyNotice: Codable, Sendable {
    /// The role's name: kms, front, deliver, dev.
    public var role: String
    /// The process's number.
    public var pid: Int32
    /// `host:port` of each listener, by its name.
    public var addresses: [String: String]

    /// A notice from its parts.
    public init(role: String, pid: Int32, addresses: [String: String]) {
        self.role = role
        self.pid = pid
        self.addresses = addresses
    }

    /// Writes the notice, whole or not at all. Throws what writing a file throws.
    public func write(to path: String) throws {
        try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Reads one; nil where it is not there yet.
    static func read(_ path: String) -> ReadyNotice? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? JSONDecoder().decode(ReadyNotice.self, from: data)
    }
}
