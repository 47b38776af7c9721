import Primitives
import Testing

@Suite struct PassphraseSealTests {
    private let secret = SecretBytes(Array("s of the KMS".utf8))
    private let passphrase = SecretBytes(Array("correct horse".utf8))

    @Test func opensWithItsPassphraseAndPurposeOnly() throws {
        let sealed = try PassphraseSeal.seal(secret, passphrase: passphrase, purpose: "master", logCost: 10)
        #expect(try PassphraseSeal.open(sealed, passphrase: passphrase, purpose: "master") == secret)
        #expect(throws: SealedSecretError.wrongPassphrase) {
            try PassphraseSeal.open(sealed, passphrase: SecretBytes([1]), purpose: "master")
        }
        #expect(throws: SealedSecretError.wrongPassphrase) {
            try PassphraseSeal.open(sealed, passphrase: passphrase, purpose: "keys")
        }
    }

    @Test func refusesEveryCutAndEveryChange() throws {
        let sealed = try PassphraseSeal.seal(secret, passphrase: passphrase, purpose: "master", logCost: 10)
        for count in sealed.indices {
            #expect(throws: SealedSecretError.self) {
                try PassphraseSeal.open(Array(sealed[..<count]), passphrase: passphrase, purpose: "master")
            }
        }
        // The octet of the cost is left out: a larger one is right to take its time.
        for index in sealed.indices where index != 15 {
            var altered = sealed
            altered[index] ^= 0x20
            #expect(throws: SealedSecretError.self) {
                try PassphraseSeal.open(altered, passphrase: passphrase, purpose: "master")
            }
        }
    }
}
