import COpenSSL

/// Owns an EVP_CIPHER_CTX for one message.
final class CipherContext {
    let pointer: OpaquePointer?
    /// EVP's functions insist on a place for a length that is always known here.
    var ignoredLength: Int32 = 0

    init(
        _ algorithm: OpaquePointer?, key: SecretBytes, iv: [UInt8], encrypting: Bool
    ) throws(CryptographyFailure) {
        guard key.count == Int(EVP_CIPHER_get_key_length(algorithm)),
            iv.count == Int(EVP_CIPHER_get_iv_length(algorithm))
        else { throw CryptographyFailure("a key of \(key.count) octets and a nonce of \(iv.count) do not fit") }
        pointer = EVP_CIPHER_CTX_new()
        let ready = key.withUnsafeBytes {
            EVP_CipherInit_ex(pointer, algorithm, nil, $0.baseAddress, iv, encrypting ? 1 : 0)
        }
        guard ready == 1 else { throw CryptographyFailure("cipher set-up") }
    }

    deinit { EVP_CIPHER_CTX_free(pointer) }

    /// Takes octets that are authenticated and not encrypted.
    func associate(_ octets: [UInt8]) throws(CryptographyFailure) {
        guard octets.isEmpty || EVP_CipherUpdate(pointer, nil, &ignoredLength, octets, Int32(octets.count)) == 1
        else { throw CryptographyFailure("associated data") }
    }

    /// Encrypts or decrypts `input` into as many octets of `output`.
    func update(_ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        input.isEmpty
            || EVP_CipherUpdate(
                pointer, output.baseAddress, &ignoredLength, input.baseAddress, Int32(input.count)) == 1
    }
}
