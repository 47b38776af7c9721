import StoreBehaviour
import Testing

/// The adapter that docs/adapters.md shows does what its port promises.
@Suite struct ExampleAdapterTests {
    @Test func sessionsInMemory() async throws { try await SessionBehaviour(MemorySessions()).check() }
}
