import Primitives
import Synchronization

/// Random octets written down beforehand, given out in order: whole exchanges can be computed again to the octet.
public final class ScriptedRandom: RandomSource {
    private let rest: Mutex<[[UInt8]]>

    /// Each draw must ask for exactly the length of the next entry.
    public init(_ draws: [[UInt8]]) { rest = Mutex(draws) }

    /// The next entry. Throws `ScriptEnded` where there is none, or one of another length.
    public func secretOctets(_ count: Int) throws -> SecretBytes {
        try rest.withLock { rest in
            guard let next = rest.first, next.count == count else {
                throw ScriptEnded(wanted: count, next: rest.first?.count)
            }
            rest.removeFirst()
            return SecretBytes(next)
        }
    }

    /// Whether every entry was drawn.
    public var isExhausted: Bool { rest.withLock { $0.isEmpty } }
}

/// A draw that the script does not foresee.
public struct ScriptEnded: Error {
    /// The octets asked for.
    public let wanted: Int
    /// The octets of the next entry, if there is one.
    public let next: Int?
}

/// Octets from a seed, the same in every run: for mutations in fuzz tests and for exchanges that need no vector.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The sequence of that seed.
    public init(seed: UInt64) { state = seed }

    /// SplitMix64.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Draws from a seed, the same in every run. Never for keys outside tests.
public final class SeededRandom: RandomSource {
    private let generator: Mutex<SeededGenerator>

    /// The sequence of that seed.
    public init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    /// The next octets.
    public func secretOctets(_ count: Int) -> SecretBytes {
        generator.withLock { generator in
            SecretBytes((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
    }
}
