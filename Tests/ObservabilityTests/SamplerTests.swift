import Observability
import Testing

@Suite struct SamplerTests {
    @Test func ratesLevelsAndQuantilesAreThoseOfLately() async throws {
        let registry = MetricRegistry()
        let deposits = registry.counters("poste_deposits_total", "D.", labels: "outcome")
        let streams = registry.gauge("poste_streams", "S.")
        let times = registry.histogram("poste_commit_seconds", "C.")
        deposits["stored"].add(1000)
        times.observe(.seconds(20))
        let sampler = Sampler(
            registry,
            [
                .rate("deposits_per_s", "poste_deposits_total", ["outcome": "stored"]),
                .rate("all_per_s", "poste_deposits_total"), .level("streams", "poste_streams"),
                .quantiles("commit", "poste_commit_seconds"), .level("absent", "poste_absent"),
            ])
        sampler.take()
        deposits["stored"].add(30)
        deposits["refused"].add(20)
        streams.set(7)
        for _ in 0..<100 { times.observe(.milliseconds(4)) }
        let figures = sampler.current
        // Less than a second counts as one.
        #expect(figures["deposits_per_s"] == 30 && figures["all_per_s"] == 50)
        #expect(figures["streams"] == 7 && figures["absent"] == nil)
        let tail = try #require(figures["commit_p99_ms"])
        #expect(2.5...5 ~= tail)
    }
}
