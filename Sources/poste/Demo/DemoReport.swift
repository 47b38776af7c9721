/// The last line of `poste demo --json`.
struct DemoReport: Encodable, Sendable {
    /// One deposit, as its recipient found it.
    struct Deposit: Encodable, Sendable {
        var id: String
        var sender: String
        var recipient: String
        var bytes: UInt64
        var sha256: String
        /// `verified` or `attested`.
        var senderProof: String

        enum CodingKeys: String, CodingKey {
            case id, sender, recipient, bytes, sha256
            case senderProof = "sender_proof"
        }
    }

    /// A member of the cluster that was killed with SIGKILL.
    struct Casualty: Encodable, Sendable {
        /// front-2, worker-1.
        var name: String
        var pid: Int32
        /// What was going on.
        var moment: String
    }

    /// Whether all went as it should.
    var ok: Bool
    var deposits: [Deposit]
    /// Which front served which MIKEY message.
    var fronts: [String: String]
    /// Whether any file of the cluster held a piece of a content.
    var plaintextFound: Bool
    /// Whether the ESKs are gone from every file of the cluster.
    var keysErased: Bool
    /// Who was killed, in order; none but in a cluster.
    var killed: [Casualty]
    var seconds: Double

    enum CodingKeys: String, CodingKey {
        case ok, deposits, fronts
        case plaintextFound = "plaintext_found"
        case keysErased = "keys_erased"
        case killed,
            seconds
    }
}
