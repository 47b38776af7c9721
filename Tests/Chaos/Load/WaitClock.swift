/// Measures how long somebody waits for a sign. Pure.
package struct WaitClock: Sendable {
    private var from: Int?

    /// Nobody waits yet.
    package init() {}

    /// Begins to wait, unless he does already.
    package mutating func begin(at now: Int) { from = from ?? now }

    /// A sign; he waits on for the next. Returns from when to when he had waited.
    package mutating func sign(at now: Int) -> (from: Int, to: Int)? {
        defer { if from != nil { from = now } }
        return from.map { ($0, now) }
    }

    /// What he waited for has come. Returns from when to when he had waited.
    package mutating func end(at now: Int) -> (from: Int, to: Int)? {
        defer { from = nil }
        return from.map { ($0, now) }
    }
}
