import LoadGenerator
import Testing

@Suite struct LatencyHistogramTests {
    /// Numbers that are the same each time.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    @Test(arguments: [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1])
    func quantilesAreRightToOnePercent(share: Double) {
        var numbers = Numbers(state: 7)
        var histogram = LatencyHistogram()
        // From a microsecond to an hour, as many of each magnitude.
        let values = (0..<20_000).map { _ in
            let magnitude = UInt64.random(in: 0..<32, using: &numbers)
            return UInt64.random(in: (1 << magnitude)...(2 << magnitude), using: &numbers)
        }
        for value in values { histogram.record(.microseconds(value)) }
        let sorted = values.sorted()
        let exact = Double(sorted[max(0, Int((share * Double(values.count)).rounded(.up)) - 1)])
        let measured = (histogram.quantile(share) ?? .zero) / .microseconds(1)
        #expect(measured >= exact && measured <= exact * 1.01, "\(measured) for \(exact)")
    }

    @Test func smallValuesAreExact() {
        for value in 0..<256 {
            var histogram = LatencyHistogram()
            histogram.record(.microseconds(value))
            histogram.record(.seconds(3600))
            #expect(histogram.quantile(0.5) == .microseconds(value))
        }
    }

    @Test func bucketsAreInTheOrderOfTheirValues() {
        var last = Duration.zero
        for step in 0..<4000 {
            var histogram = LatencyHistogram()
            let value = Duration.microseconds(Int64(1.006 * Double(step) + 0.0003 * Double(step * step * step)))
            histogram.record(value)
            histogram.record(.seconds(100_000))
            let bound = histogram.quantile(0.5) ?? .zero
            #expect(bound >= value && bound >= last)
            last = bound
        }
    }

    @Test func twoAddUpToTheHistogramOfAllTheirValues() {
        var numbers = Numbers(state: 11)
        var parts = [LatencyHistogram(), LatencyHistogram()]
        var whole = LatencyHistogram()
        for index in 0..<5000 {
            let value = Duration.microseconds(UInt64.random(in: 0...(1 << 24), using: &numbers) >> (index % 20))
            parts[index % 3 == 0 ? 0 : 1].record(value)
            whole.record(value)
        }
        var sum = LatencyHistogram()
        for part in parts { sum.merge(part) }
        #expect(sum == whole && sum.count == 5000)
        #expect(sum.mean == whole.mean && sum.maximum == whole.maximum && sum.minimum == whole.minimum)
    }

    @Test func nothingHasNoQuantile() {
        var histogram = LatencyHistogram()
        histogram.merge(LatencyHistogram())
        #expect(histogram.quantile(0.5) == nil && histogram.mean == nil && histogram.maximum == nil)
        #expect(histogram.count == 0)
    }

    @Test func valuesBeyondAllBucketsCountAsTheLongest() {
        var histogram = LatencyHistogram()
        histogram.record(.seconds(Int64.max))
        histogram.record(.seconds(-3))
        #expect(histogram.count == 2)
        #expect(histogram.minimum == .zero && (histogram.maximum ?? .zero) > .seconds(60_000))
    }
}
