/// Times one operation until a share of time is used up.
struct Measure {
    /// How long each operation is measured for.
    let budget: Duration

    /// The median time of one run in ns: of at least five runs, or of batches where a run is shorter than the clock is fine.
    func nanoseconds(_ run: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        try run()
        var batch = 1
        while try clock.measure({ for _ in 0..<batch { try run() } }) < .microseconds(50) { batch *= 2 }
        var samples: [Double] = []
        let start = clock.now
        while samples.count < 5 || clock.now - start < budget {
            let taken = try clock.measure { for _ in 0..<batch { try run() } }
            let nanoseconds: Double = taken / .nanoseconds(1)
            samples.append(nanoseconds / Double(batch))
        }
        samples.sort()
        return samples[samples.count / 2]
    }
}
