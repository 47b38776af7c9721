import IdentityBasedEncryption
import Mailbox
import Primitives
import TestVectors
import Testing

/// Every value of the deposits in the vectors (docs/protocol.md, choices 22 to 25).
struct DepositVectorTests {
    @Test(arguments: DeferredVector.files)
    func headerIsTheOctetsOfChoice22(file: String) throws {
        let vector = try DeferredVector(file)
        for deposit in try vector.deposits {
            let header = try vector.header(deposit)
            #expect(try header.octets == deposit["header"].octets)
            #expect(try header.digest == deposit["header_sha256"].octets)
            #expect(try DepositHeader(octets: deposit["header"].octets).fields == header.fields)
            #expect(try header.fields.encryptedKeyDigest == HashFunction.sha256.hash(vector.esk))
        }
    }

    @Test(arguments: DeferredVector.files)
    func openingTagAndReceiptAreThoseOfChoice24(file: String) throws {
        let vector = try DeferredVector(file)
        let session = try vector.depositSession
        #expect(try session.key == vector.vector["deposit_key"].secret)
        for deposit in try vector.deposits {
            let header = try vector.header(deposit)
            let tag = try deposit["tag"].octets
            #expect(session.openingTag(for: header) == tag)
            #expect(session.verify(openingTag: tag, for: header))
            #expect(!session.verify(openingTag: flipped(tag), for: header))
            let mac = try deposit["receipt"]["mac"].octets
            var stored = try vector.envelope(deposit).stored
            #expect(session.receiptMAC(for: stored) == mac)
            #expect(session.verify(receiptMAC: mac, for: stored))
            stored.senderProof = nil
            #expect(!session.verify(receiptMAC: mac, for: stored))
        }
    }

    @Test(arguments: DeferredVector.files)
    func contentIsSealedAsInChoice23(file: String) throws {
        let vector = try DeferredVector(file)
        for deposit in try vector.deposits {
            let header = try vector.header(deposit)
            let key = try ContentKey(sk: vector.sk, header: header)
            #expect(try key.key == deposit["content_key"].secret)
            #expect(try key.noncePrefix == deposit["nonce_prefix"].octets)
            let content = try deposit["content"].octets
            for pieceSize in [1, 7, 255, 256, 257, 5000] {
                var seal = try ContentSeal(sk: vector.sk, header: header)
                var chunks: [[UInt8]] = []
                for piece in pieces(of: content, size: pieceSize) { chunks += try seal.append(piece) }
                chunks.append(try seal.finish())
                #expect(try chunks == vector.chunks(deposit))
                #expect(try seal.ciphertextDigest == deposit["ciphertext_sha256"].octets)
            }
        }
    }

    @Test(arguments: DeferredVector.files)
    func contentOpensInPiecesOfAnySize(file: String) throws {
        let vector = try DeferredVector(file)
        for deposit in try vector.deposits {
            let header = try vector.header(deposit)
            let ciphertext = try vector.chunks(deposit).flatMap { $0 }
            #expect(header.layout.ciphertextLength == UInt64(ciphertext.count))
            for pieceSize in [1, 16, 271, 272, 273, 5000] {
                var opening = try ContentOpening(sk: vector.sk, header: header)
                var content: [UInt8] = []
                for piece in pieces(of: ciphertext, size: pieceSize) {
                    content += try opening.append(piece).flatMap { $0.exposedCopy() }
                }
                #expect(try opening.finish() == deposit["ciphertext_sha256"].octets)
                #expect(try content == deposit["content"].octets)
            }
        }
    }

    @Test(arguments: DeferredVector.files)
    func senderProofIsThatOfChoice25(file: String) throws {
        let vector = try DeferredVector(file)
        for deposit in try vector.deposits {
            let header = try vector.header(deposit)
            let digest = try deposit["ciphertext_sha256"].octets
            let key = try deposit["proof_key"].secret
            let proof = try deposit["proof"].octets
            #expect(SenderProof.make(key: key, header: header, ciphertextDigest: digest) == proof)
            let other = SecretBytes([UInt8](repeating: 7, count: 32))
            #expect(SenderProof.verify(proof, keys: [other, key], header: header, ciphertextDigest: digest))
            #expect(SenderProof.verify(proof, keys: [key, other], header: header, ciphertextDigest: digest))
            #expect(!SenderProof.verify(proof, keys: [other], header: header, ciphertextDigest: digest))
            #expect(!SenderProof.verify(proof, keys: [], header: header, ciphertextDigest: digest))
            #expect(!SenderProof.verify(flipped(proof), keys: [key], header: header, ciphertextDigest: digest))
        }
    }
}

/// The octets with one bit changed.
func flipped(_ octets: [UInt8], at place: Int = 0) -> [UInt8] {
    var octets = octets
    octets[place] ^= 1
    return octets
}

/// The octets in pieces of a size, the last shorter.
func pieces(of octets: [UInt8], size: Int) -> [[UInt8]] {
    stride(from: 0, to: octets.count, by: size).map { Array(octets[$0..<min($0 + size, octets.count)]) }
}
