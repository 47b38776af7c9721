import Foundation
import TestVectors
import Testing

/// What `poste` says and how it ends.
@Suite struct CommandLineTests {
    private static let commands = [
        "demo", "dev", "enroll", "send", "receive", "presence", "inspect", "kms", "front", "deliver", "topics", "health",
        "certificate", "account", "cluster-key", "load", "top", "rebuild", "dead-letters",
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
        (["dev", "--level", "99"], "2048, 3072 or 7680"), (["certificate", "king", "--out", "x"], "not king"),
        (["account", "example.com"], "--token-file"), (["front", "--otlp", "nowhere"], "localhost:4317"),
        (["front", "--contacts", "10.0.0.0/33"], "192.0.2.0/24"), (["front", "--mailbox-size", "8GB"], "8GiB"),
        (["front", "--mailbox-deposits", "0"], "from 1 to"),
        (["deliver", "--otlp-roots", "ca.pem"], "--otlp-roots wants --otlp")
    ] as [([String], String)])
    func aWrongCommandLineIsExplained(arguments: [String], hint: String) async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let outcome = try await poste.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(hint), "\(outcome.errors)")
    }

    @Test func inspectShowsAMessageToAPerson() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let message = try Vector(file: "deferred-1024.json")["exchange"]["messages"].list[2]["octets"].text
        let outcome = try await poste.run("inspect", message)
        #expect(outcome.status == 0, "\(outcome.errors)")
        for part in ["I_MESSAGE_2", "HDR", "sip:anna@post.example", "IBAKE", "ESK", "RFC 6267 section"] {
            #expect(outcome.output.contains(part), "no \(part) in \(outcome.output)")
        }
        let object = try await poste.run("inspect", "--json", message)
        #expect((try? JSONSerialization.jsonObject(with: Data(object.output.utf8))) != nil)
        let garbage = try await poste.run("inspect", input: Array("neither this nor that".utf8))
        #expect(garbage.status == 65 && garbage.errors.contains("neither a MIKEY message"), "\(garbage.errors)")
    }
}
