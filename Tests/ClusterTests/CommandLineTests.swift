import Foundation
import Testing

/// What `poste` says and how it ends.
@Suite struct CommandLineTests {
    private static let commands = [
        "demo", "dev", "enroll", "send", "receive", "presence", "inspect", "kms", "front", "deliver"
    ]

    @Test(arguments: commands) func everyCommandExplainsItselfWithExamples(command: String) async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let outcome = try await poste.run(command, "--help")
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        for word in ["Usage: poste \(command)", "Examples:", "Options", "POSTE_"] {
            #expect(outcome.output.contains(word), "\(command) --help lacks \(word)")
        }
        let list = try await poste.run("--help")
        #expect(list.output.contains("  \(command) "))
    }

    @Test(arguments: [
        (["snd"], "did you mean send?"), (["send", "--too", "x"], "did you mean --to?"), (["dev", "extra"], "too many words"),
        (["front", "--listen", "nowhere"], "HOST:PORT"), (["kms", "--domain", "a b"], "--domain"),
        (["dev", "--level", "99"], "2048, 3072 or 7680")
    ] as [([String], String)])
    func aWrongCommandLineIsExplained(arguments: [String], hint: String) async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let outcome = try await poste.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(hint), "\(outcome.errors)")
    }
}
