import COpenSSL

/// HKDF with SHA-256 (RFC 5869).
public enum HKDF {
    /// `count` octets of key from `secret`; at most 8,160.
    ///
    /// Throws `CryptographyFailure` for more, and where OpenSSL fails.
    public static func sha256(
        _ secret: SecretBytes, salt: [UInt8], info: [UInt8], count: Int
    ) throws(CryptographyFailure) -> SecretBytes {
        try derive("HKDF", count: count) { parameters in
            parameters.append("digest", text: HashFunction.sha256.rawValue)
            parameters.append("key", secret)
            parameters.append("salt", SecretBytes(salt))
            parameters.append("info", SecretBytes(info))
        }
    }
}

/// scrypt (RFC 7914): a key from what a person remembers.
public enum Scrypt {
    /// `count` octets of key. With the default cost it takes about 0.1 s and 32 MiB.
    ///
    /// Throws `CryptographyFailure` where the cost is not a power of two or memory runs out.
    public static func key(
        passphrase: SecretBytes, salt: [UInt8], cost: UInt64 = 32768, count: Int = 32
    ) throws(CryptographyFailure) -> SecretBytes {
        try derive("SCRYPT", count: count) { parameters in
            parameters.append("pass", passphrase)
            parameters.append("salt", SecretBytes(salt))
            parameters.append("n", integer: cost)
            parameters.append("r", integer: 8)
            parameters.append("p", integer: 1)
            parameters.append("maxmem_bytes", integer: 256 << 20)
        }
    }
}

/// Runs one of OpenSSL's key derivation functions.
private func derive(
    _ name: String, count: Int, _ configure: (inout KDFParameters) -> Void
) throws(CryptographyFailure) -> SecretBytes {
    let function = EVP_KDF_fetch(nil, name, nil)
    let context = EVP_KDF_CTX_new(function)
    defer {
        EVP_KDF_CTX_free(context)
        EVP_KDF_free(function)
    }
    var parameters = KDFParameters()
    configure(&parameters)
    return try SecretBytes(count: count) { output throws(CryptographyFailure) in
        guard parameters.run(context, output) else { throw CryptographyFailure("\(name) of \(count) octets") }
    }
}

/// A list of OSSL_PARAM, in memory of its own until the function has run.
///
/// Names are static strings, since OpenSSL keeps the pointers to them too (OSSL_KDF_PARAM_… are imported as strings that move).
private struct KDFParameters {
    private let builder = OSSL_PARAM_BLD_new()
    // OpenSSL keeps pointers to octet strings until the list is made: these keep them alive.
    private var kept: [SecretBytes] = []

    mutating func append(_ name: StaticString, _ octets: SecretBytes) {
        kept.append(octets)
        octets.withUnsafeBytes { _ = OSSL_PARAM_BLD_push_octet_string(builder, name.characters, $0.baseAddress, $0.count) }
    }

    mutating func append(_ name: StaticString, text: String) {
        let octets = SecretBytes(Array(text.utf8) + [0])
        kept.append(octets)
        octets.withUnsafeBytes { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                _ = OSSL_PARAM_BLD_push_utf8_string(builder, name.characters, $0.baseAddress, text.utf8.count)
            }
        }
    }

    mutating func append(_ name: StaticString, integer: UInt64) {
        OSSL_PARAM_BLD_push_uint64(builder, name.characters, integer)
    }

    func run(_ context: OpaquePointer?, _ output: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        let list = OSSL_PARAM_BLD_to_param(builder)
        defer {
            OSSL_PARAM_free(list)
            OSSL_PARAM_BLD_free(builder)
        }
        return withExtendedLifetime(kept) {
            EVP_KDF_derive(context, output.baseAddress, output.count, list) == 1
        }
    }
}

extension StaticString {
    /// The NUL-terminated characters, there as long as the program is.
    fileprivate var characters: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
