import Primitives

/// The keys of a Request Key exchange, from a pre-shared or an envelope key (RFC 3830 section 4.1.4), and what they do.
public struct KeyTransport: Sendable {
    /// encr_key, 128 or 256 bits.
    public let encryptionKey: SecretBytes
    /// auth_key, as long as the MAC.
    public let authenticationKey: SecretBytes
    /// The salting key S, 112 bits.
    public let saltKey: SecretBytes

    private let csbID: UInt32

    /// The keys of an exchange. RAND is that of the request.
    public init(secret: SecretBytes, csbID: UInt32, rand: [UInt8], suite: AlgorithmSuite) {
        let prf = PseudoRandomFunction(hash: suite.hash)
        func key(_ label: KeyLabel, _ count: Int) -> SecretBytes {
            prf(secret, label: label.octets(id: csbID, rand: rand), count: count)
        }
        encryptionKey = key(.encryption, suite.encryptionKeyOctetCount)
        authenticationKey = key(.authentication, suite.authenticationKeyOctetCount)
        saltKey = key(.salt, 14)
        self.csbID = csbID
    }

    /// Encrypts KEMAC's plaintext, or decrypts its Encr data: AES-CM under
    /// IV = (S XOR (0x0000 || CSB ID || T)) || 0x0000 (RFC 3830 section 4.2.3).
    public func apply(
        to octets: some SealableOctets, timestamp: NTPTimestamp
    ) throws(CryptographyFailure) -> SecretBytes {
        var mask: [UInt8] = [0, 0]
        mask.append(bigEndian: csbID)
        mask += timestamp.octets
        let iv = saltKey.withUnsafeBytes { salt in zip(salt, mask).map { $0 ^ $1 } } + [0, 0]
        return try AESCounterMode.apply(key: encryptionKey, iv: iv, to: octets)
    }
}
