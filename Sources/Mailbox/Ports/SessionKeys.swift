/// Where a front gets what seals its sessions. The keys behind it change while the front runs.
public protocol SessionKeys: Sendable {
    /// What seals and opens now.
    var seal: SessionSeal { get }

    /// Looks at once whether there are other keys, and gives what seals and opens then: for who has found a value under
    /// a key that `seal` lacks.
    func refreshed() async -> SessionSeal
}

/// Keys that stay as they are.
extension SessionSeal: SessionKeys {
    /// Itself.
    public var seal: SessionSeal { self }
    /// Itself.
    public func refreshed() async -> SessionSeal { self }
}
