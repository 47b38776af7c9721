import Synchronization

/// What a process lacks before it serves, and again when it lacks it: the answer of `/readyz`.
public final class Readiness: Sendable {
    private let faults: Mutex<[String: String]>

    /// Nothing is ready until each of these parts was said to be.
    public init(waitingFor parts: [String] = []) {
        faults = Mutex(Dictionary(parts.map { ($0, "not yet") }, uniquingKeysWith: { first, _ in first }))
    }

    /// A part does what it should.
    public func ready(_ part: String) { faults.withLock { $0[part] = nil } }

    /// A part does not, and why.
    public func lacking(_ part: String, _ reason: String) { faults.withLock { $0[part] = reason } }

    /// The parts that do not do what they should, each with the reason, in the order of their names.
    public var lacks: [(part: String, reason: String)] {
        faults.withLock { $0 }.sorted { $0.key < $1.key }.map { (part: $0.key, reason: $0.value) }
    }

    /// Whether everything does.
    public var isReady: Bool { faults.withLock { $0.isEmpty } }
}
