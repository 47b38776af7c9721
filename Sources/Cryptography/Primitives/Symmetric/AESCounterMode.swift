import COpenSSL

/// AES in counter mode, as AES-CM of RFC 3830 section 4.2.3 uses it: the key of 16 or 32 octets chooses AES-128 or AES-256.
public enum AESCounterMode {
    /// Encrypts, and decrypts what was encrypted, with the first counter block `iv` of 16 octets.
    ///
    /// Throws `CryptographyFailure` where key or counter block have other lengths.
    public static func apply(
        key: SecretBytes, iv: [UInt8], to octets: some SealableOctets
    ) throws(CryptographyFailure) -> SecretBytes {
        let algorithm = key.count == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr()
        let cipher = try CipherContext(algorithm, key: key, iv: iv, encrypting: true)
        return try octets.withOctets { input throws(CryptographyFailure) in
            try SecretBytes(count: input.count) { output throws(CryptographyFailure) in
                guard cipher.update(input, output) else { throw CryptographyFailure("AES-CM") }
            }
        }
    }
}
