import COpenSSL

/// AES-256-GCM (RFC 5116, AEAD_AES_256_GCM): keys of 32 octets, nonces of 12, tags of 16 behind the ciphertext.
public enum AES256GCM {
    /// The octets that sealing adds.
    public static let tagOctetCount = 16
    /// The octets of a nonce. One nonce serves one message under one key.
    public static let nonceOctetCount = 12
    /// The octets of a key.
    public static let keyOctetCount = 32

    /// The ciphertext with its tag behind it.
    ///
    /// Throws `CryptographyFailure` where the key or the nonce has another length, or OpenSSL fails.
    public static func seal(
        _ plaintext: some SealableOctets, key: SecretBytes, nonce: [UInt8], associatedData: [UInt8]
    ) throws(CryptographyFailure) -> [UInt8] {
        let cipher = try CipherContext(EVP_aes_256_gcm(), key: key, iv: nonce, encrypting: true)
        return try plaintext.withOctets { input throws(CryptographyFailure) in
            try cipher.associate(associatedData)
            var output = [UInt8](repeating: 0, count: input.count + tagOctetCount)
            let sealed = output.withUnsafeMutableBufferPointer { output in
                cipher.update(input, output)
                    && EVP_EncryptFinal_ex(cipher.pointer, nil, &cipher.ignoredLength) == 1
                    && EVP_CIPHER_CTX_ctrl(
                        cipher.pointer, EVP_CTRL_AEAD_GET_TAG, Int32(tagOctetCount),
                        output.baseAddress.map { $0 + input.count }) == 1
            }
            guard sealed else { throw CryptographyFailure("AES-256-GCM") }
            return output
        }
    }

    /// The plaintext, where the tag proves ciphertext and associated data.
    ///
    /// Throws `AuthenticationFailure` where it does not, whatever the cause.
    public static func open(
        _ sealed: some RandomAccessCollection<UInt8>, key: SecretBytes, nonce: [UInt8], associatedData: [UInt8]
    ) throws(AuthenticationFailure) -> SecretBytes {
        let octets = Array(sealed)
        guard octets.count >= tagOctetCount,
            let cipher = try? CipherContext(EVP_aes_256_gcm(), key: key, iv: nonce, encrypting: false),
            (try? cipher.associate(associatedData)) != nil
        else { throw AuthenticationFailure() }
        let count = octets.count - tagOctetCount
        var tag = Array(octets[count...])
        return try SecretBytes(count: count) { output throws(AuthenticationFailure) in
            let opened = octets.withUnsafeBufferPointer { input in
                cipher.update(UnsafeBufferPointer(rebasing: input[..<count]), output)
                    && EVP_CIPHER_CTX_ctrl(
                        cipher.pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tagOctetCount), &tag) == 1
                    && EVP_DecryptFinal_ex(cipher.pointer, nil, &cipher.ignoredLength) == 1
            }
            guard opened else { throw AuthenticationFailure() }
        }
    }
}

/// Octets that can be encrypted: plain ones and secret ones.
public protocol SealableOctets {
    /// Lends the octets. The pointer is valid during the call only.
    func withOctets<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension SecretBytes: SealableOctets {
    /// See `SealableOctets`.
    public func withOctets<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result { try withUnsafeBytes(body) }
}

extension Array: SealableOctets where Element == UInt8 {
    /// See `SealableOctets`.
    public func withOctets<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The standard library of Swift 6.0 does not keep the type of the error here.
        let outcome = withUnsafeBufferPointer { octets -> Swift.Result<Result, Failure> in
            do throws(Failure) { return .success(try body(octets)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}
