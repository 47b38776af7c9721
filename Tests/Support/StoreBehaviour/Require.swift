import IdentityBasedEncryption
import Mailbox
import Primitives

/// What an adapter does otherwise than its port says.
public struct Misbehaviour: Error, CustomStringConvertible {
    /// What.
    public let description: String
}

/// Goes on only if the adapter does as its port says.
func require(_ condition: Bool, _ promise: String) throws(Misbehaviour) {
    guard condition else { throw Misbehaviour(description: "broken promise: \(promise)") }
}

/// A person that no other test knows, so that a suite can run on a store that others use too.
func stranger(_ name: String) throws -> Identity {
    try person("\(name)-\(hexadecimal(try SystemRandom().octets(8)))")
}

/// Strangers, all in the partition of the first.
func strangers(_ count: Int, partitionCount: Int) throws -> [Identity] {
    var found = [try stranger("s")]
    let home = Partitioner.partition(of: found[0], count: partitionCount)
    while found.count < count {
        let next = try stranger("s")
        if Partitioner.partition(of: next, count: partitionCount) == home { found.append(next) }
    }
    return found
}

/// Goes on only if the adapter refuses, for that reason.
func requireFault(
    _ kind: StoreError.Kind, _ promise: String, _ body: () async throws -> Void
) async throws(Misbehaviour) {
    do {
        try await body()
    } catch {
        return try require((error as? StoreError)?.kind == kind, "\(promise) (\(error))")
    }
    throw Misbehaviour(description: "broken promise: \(promise)")
}
