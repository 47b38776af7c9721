import Foundation

/// SplitMix64: the same numbers for the same seed, on any machine. For plans and contents, not for secrets.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A stream of its own for each purpose and number under one seed.
    init(seed: UInt64, stream: UInt64) {
        var mixer = SeededRandom(seed: seed ^ (stream &+ 1) &* 0xd6e8_feb8_6659_fd93)
        state = mixer.next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Evenly from 0 up to but not including 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Exponentially distributed with mean 1: the gaps of a Poisson process.
    mutating func exponential() -> Double { -log(1 - unit()) }

    /// One of `0..<count`.
    mutating func index(below count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &self) }
}
