import Foundation

/// The last line of `poste demo --json`, as a program reads it.
struct DemoOutcome: Decodable {
    struct Deposit: Decodable {
        let id: String
        let sender: String
        let recipient: String
        let bytes: Int
        let sha256: String
        let sender_proof: String
    }

    struct Casualty: Decodable {
        let name: String
        let pid: Int32
        let moment: String
    }

    let ok: Bool
    let deposits: [Deposit]
    let fronts: [String: String]
    let killed: [Casualty]
    let plaintext_found: Bool
    let keys_erased: Bool
    let seconds: Double

    init(_ lines: [String]) throws {
        self = try JSONDecoder().decode(DemoOutcome.self, from: Data((lines.last ?? "").utf8))
    }
}
