import Foundation
import Testing

/// The main job, as a person runs it.
@Suite struct DemoTests {
    @Test func endsWithAReportThatAllWentWell() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let outcome = try await poste.run("demo", "--json", "--insecure-test-level")
        #expect(outcome.status == 0, "\(outcome.errors)")
        for line in outcome.lines { #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil) }
        let report = try DemoOutcome(outcome.lines)
        #expect(report.ok && !report.plaintext_found && report.keys_erased)
        #expect(report.deposits.count == 2)
        #expect(report.deposits.first?.bytes == 480_044)
        for deposit in report.deposits {
            #expect(deposit.sender == "sip:alice@example.com" && deposit.recipient == "sip:bob@example.com")
            #expect(deposit.sender_proof == "verified" && deposit.sha256.count == 64 && deposit.id.count == 32)
        }
        // The handshake's second message reached the other front.
        #expect(report.fronts["I_MESSAGE_1"] == report.fronts["R_MESSAGE_1"])
        #expect(report.fronts["I_MESSAGE_2"] == report.fronts["R_MESSAGE_2"])
        #expect(report.fronts["I_MESSAGE_1"] != report.fronts["I_MESSAGE_2"])
    }
}
