import Primitives
import Testing

/// What RFCs and NIST print, so that a slip in how OpenSSL is called shows.
@Suite struct PublishedVectorTests {
    @Test func hmacSHA256OfRFC4231() throws {
        let key = SecretBytes([UInt8](repeating: 0x0b, count: 20))
        let code = HMAC.code(key: key, Array("Hi There".utf8))
        #expect(hexadecimal(code) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(HMAC.verify(code, key: key, Array("Hi There".utf8)))
        #expect(!HMAC.verify(code, key: key, Array("Hi there".utf8)))
    }

    @Test func emptyKeyIsAKey() {
        let code = HMAC.code(key: SecretBytes([]), [])
        #expect(hexadecimal(code) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test func hkdfOfRFC5869Case1() throws {
        let key = try HKDF.sha256(
            SecretBytes([UInt8](repeating: 0x0b, count: 22)), salt: Array(0...12), info: Array(0xf0...0xf9), count: 42)
        #expect(
            hexadecimal(key.exposedCopy())
                == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    }

    @Test func hkdfOfRFC5869Case3HasEmptySaltAndInfo() throws {
        let key = try HKDF.sha256(
            SecretBytes([UInt8](repeating: 0x0b, count: 22)), salt: [], info: [], count: 42)
        #expect(
            hexadecimal(key.exposedCopy())
                == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    }

    @Test func scryptOfRFC7914() throws {
        let key = try Scrypt.key(
            passphrase: SecretBytes(Array("pleaseletmein".utf8)), salt: Array("SodiumChloride".utf8), cost: 16384,
            count: 64)
        // RFC 7914 section 12 with p = 1.
        #expect(hexadecimal(key.exposedCopy()).hasPrefix("7023bdcb3afd7348461c06cd81fd38eb"))
    }

    @Test func aes256GCMOfTheGCMSpecification() throws {
        let key = SecretBytes([UInt8](repeating: 0, count: 32))
        let nonce = [UInt8](repeating: 0, count: 12)
        let sealed = try AES256GCM.seal([UInt8](repeating: 0, count: 16), key: key, nonce: nonce, associatedData: [])
        #expect(hexadecimal(sealed) == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
        let empty = try AES256GCM.seal([], key: key, nonce: nonce, associatedData: [])
        #expect(hexadecimal(empty) == "530f8afbc74536b9a963b4f1c4cb738b")
        #expect(try AES256GCM.open(sealed, key: key, nonce: nonce, associatedData: []).count == 16)
    }

    @Test func anyChangedBitIsRefused() throws {
        let key = try SystemRandom().secretOctets(32)
        let nonce = try SystemRandom().octets(12)
        let sealed = try AES256GCM.seal(Array("mail".utf8), key: key, nonce: nonce, associatedData: [1])
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1
            #expect(throws: AuthenticationFailure()) {
                try AES256GCM.open(altered, key: key, nonce: nonce, associatedData: [1])
            }
        }
        #expect(throws: AuthenticationFailure()) {
            try AES256GCM.open(sealed, key: key, nonce: nonce, associatedData: [2])
        }
        #expect(throws: AuthenticationFailure()) {
            try AES256GCM.open(sealed.prefix(15), key: key, nonce: nonce, associatedData: [1])
        }
    }

    @Test func counterModeOfRFC3711() throws {
        // RFC 3711 appendix B.2: the first keystream blocks of AES-CM.
        let key = SecretBytes(octets(hexadecimal: "2b7e151628aed2a6abf7158809cf4f3c") ?? [])
        let iv = octets(hexadecimal: "f0f1f2f3f4f5f6f7f8f9fafbfcfd0000") ?? []
        let stream = try AESCounterMode.apply(key: key, iv: iv, to: [UInt8](repeating: 0, count: 32))
        #expect(
            hexadecimal(stream.exposedCopy()) == "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab")
    }

    @Test(arguments: ECDHCurve.allCases) func bothSidesReachOnePoint(curve: ECDHCurve) throws {
        let x = try ECDHPrivateKey(curve: curve, random: SystemRandom())
        let y = try ECDHPrivateKey(curve: curve, random: SystemRandom())
        let shared = try x.sharedPoint(with: y.point)
        #expect(try shared == y.sharedPoint(with: x.point))
        #expect(shared.count == curve.pointOctetCount)
        let compressed = [2 | x.point.uncompressed[curve.pointOctetCount - 1] & 1]
            + x.point.uncompressed[1...curve.coordinateOctetCount]
        #expect(try ECDHPoint(octets: compressed, curve: curve, allowCompressed: true) == x.point)
        #expect(throws: InvalidPoint.self) { try ECDHPoint(octets: compressed, curve: curve) }
        #expect(throws: InvalidPoint.self) { try ECDHPoint(octets: [0], curve: curve, allowCompressed: true) }
        var off = x.point.uncompressed
        off[off.count - 1] ^= 1
        #expect(throws: InvalidPoint.self) { try ECDHPoint(octets: off, curve: curve) }
        let none = SecretBytes([UInt8](repeating: 0, count: curve.coordinateOctetCount))
        #expect(throws: CryptographyFailure.self) { try ECDHPrivateKey(scalar: none, curve: curve) }
    }

    @Test func generatorOfP256() throws {
        var one = [UInt8](repeating: 0, count: 32)
        one[31] = 1
        let key = try ECDHPrivateKey(scalar: SecretBytes(one), curve: .p256)
        #expect(
            hexadecimal(key.point.uncompressed.prefix(33))
                == "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
    }
}
