import COpenSSL

/// HMAC (RFC 2104) over the hash functions of MIKEY.
public enum HMAC {
    /// The MAC of the octets, as long as the hash.
    public static func code(_ function: HashFunction = .sha256, key: SecretBytes, _ octets: [UInt8]) -> [UInt8] {
        secretCode(function, key: key, octets).exposedCopy()
    }

    /// The same where the result is itself a key.
    public static func secretCode(
        _ function: HashFunction = .sha256, key: SecretBytes, _ octets: [UInt8]
    ) -> SecretBytes {
        SecretBytes(count: function.octetCount) { output in
            key.withUnsafeBytes { key in
                _ = COpenSSL.HMAC(
                    function.algorithm, key.baseAddress, Int32(key.count), octets, octets.count, output.baseAddress,
                    nil)
            }
        }
    }

    /// Whether `code` is the MAC of the octets, found in constant time.
    public static func verify(
        _ code: some Collection<UInt8>, _ function: HashFunction = .sha256, key: SecretBytes, _ octets: [UInt8]
    ) -> Bool {
        constantTimeEqual(code, Self.code(function, key: key, octets))
    }
}
