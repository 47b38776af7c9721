import IdentityBasedEncryption
import Mailbox
import Primitives
import TestVectors

/// A deferred delivery of `Tests/Vectors`, with what the tests of the formats need of it.
struct DeferredVector {
    static let files = ["deferred-1024.json", "deferred-3072.json"]

    let vector: Vector

    init(_ file: String) throws { vector = try Vector(file: file) }

    var deposits: [Vector] { get throws { try vector["deposits"].list } }
    var deliveries: [Vector] { get throws { try vector["deliveries"].list } }
    var receipts: [Vector] { get throws { try vector["delivery_receipts"].list } }
    var esk: [UInt8] { get throws { try vector["esk"].octets } }

    /// The key of deposits, from the exchange of the sender.
    var depositSession: DepositSession {
        get throws {
            let exchange = try vector["exchange"]
            guard let message = try exchange["messages"].list.first(where: { try $0["encrypted"].list.count == 2 })
            else {
                throw WrongVector()
            }
            return try DepositSession(
                tgk: exchange["TGK"].secret, csbID: exchange["csb_id"].octets,
                messageDigest: HashFunction.sha256.hash(message["octets"].octets))
        }
    }

    var sk: SecretBytes { get throws { try vector["exchange"]["secrets"]["a"]["point"].secret } }

    func header(_ deposit: Vector) throws -> DepositHeader {
        try DepositHeader(
            DepositHeader.Fields(
                id: DepositID(octets: deposit["id"].octets), sender: Identity(deposit["sender"].text),
                recipient: Identity(deposit["recipient"].text),
                timestamp: try deposit["T"].octets.reduce(0) { $0 << 8 | UInt64($1) },
                curve: ECDHCurve(rawValue: UInt8(deposit["curve"].number)) ?? .p521,
                encryptedKeyDigest: deposit["esk_sha256"].octets, mediaType: deposit["media_type"].text,
                length: UInt64(deposit["length"].number), chunkSize: UInt32(deposit["chunk_size"].number),
                created: UTCTime(milliseconds: deposit["created"].number),
                lifetime: UInt32(deposit["lifetime"].number), number: UInt32(deposit["number"].number),
                wantsReceipt: deposit["flags"].number == 1))
    }

    func chunks(_ deposit: Vector) throws -> [[UInt8]] { try deposit["chunks"].list.map { try $0.octets } }

    /// The envelope that a mailbox makes of a deposit, with the content inside.
    func envelope(_ deposit: Vector) throws -> Envelope {
        try Envelope(
            deposit: header(deposit), encryptedKey: esk,
            receivedAt: UTCTime(milliseconds: deposit["receipt"]["received"].number),
            senderProof: deposit["proof"].octets, ciphertextDigest: deposit["ciphertext_sha256"].octets,
            place: .inline(chunks(deposit).flatMap { $0 }))
    }

    func delivery(_ delivery: Vector, of deposit: Vector) throws -> Delivery {
        try Delivery(
            sequence: UInt64(delivery["sequence"].number), header: deposit["header"].octets, encryptedKey: esk,
            sender: Array(delivery["sender"].text.utf8),
            receivedAt: UTCTime(milliseconds: delivery["received"].number), senderProof: deposit["proof"].octets,
            mac: delivery["mac"].octets)
    }
}

struct WrongVector: Error {}
