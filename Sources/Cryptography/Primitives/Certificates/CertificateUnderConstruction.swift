import COpenSSL

/// Owns an X509 until it is signed and written as PEM.
final class CertificateUnderConstruction {
    /// The extensions that the cluster's certificates carry.
    enum Extension {
        case basicConstraints, keyUsage, extendedKeyUsage, subjectAlternativeName

        var identifier: Int32 {
            switch self {
            case .basicConstraints: NID_basic_constraints
            case .keyUsage: NID_key_usage
            case .extendedKeyUsage: NID_ext_key_usage
            case .subjectAlternativeName: NID_subject_alt_name
            }
        }
    }

    private let certificate = X509_new()

    init(commonName: String, key: SigningKey, now: UTCTime, days: Int64) throws(CryptographyFailure) {
        var serial = UInt64(0)
        for octet in (try? SystemRandom().octets(8)) ?? [] { serial = serial << 8 | UInt64(octet) }
        let name = X509_get_subject_name(certificate)
        let seconds = now.milliseconds / 1000
        guard X509_set_version(certificate, 2) == 1,
            ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1,
            ASN1_TIME_set(X509_getm_notBefore(certificate), Int(seconds - 86_400)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(certificate), Int(seconds + days * 86_400)) != nil,
            X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, commonName, -1, -1, 0) == 1,
            X509_set_pubkey(certificate, key.pointer) == 1
        else { throw CryptographyFailure("certificate for \(commonName)") }
    }

    deinit { X509_free(certificate) }

    /// Adds an extension in the notation of OpenSSL's configuration files.
    func add(_ kind: Extension, _ value: String) throws(CryptographyFailure) {
        guard let made = X509V3_EXT_conf_nid(nil, nil, kind.identifier, value) else {
            throw CryptographyFailure("certificate extension \(value)")
        }
        defer { X509_EXTENSION_free(made) }
        guard X509_add_ext(certificate, made, -1) == 1 else { throw CryptographyFailure("certificate extension") }
    }

    /// Signs in the name of `issuer` (PEM), or in its own.
    func sign(with key: SigningKey, issuer: String?) throws(CryptographyFailure) {
        var parent = certificate
        if let issuer {
            parent = memoryReader(Array(issuer.utf8)) { PEM_read_bio_X509($0, nil, nil, nil) }
            guard parent != nil else { throw CryptographyFailure("the authority's certificate is not PEM") }
        }
        defer { if issuer != nil { X509_free(parent) } }
        guard X509_set_issuer_name(certificate, X509_get_subject_name(parent)) == 1,
            X509_sign(certificate, key.pointer, EVP_sha256()) > 0
        else { throw CryptographyFailure("certificate signature") }
    }

    func pem() throws(CryptographyFailure) -> String {
        let octets = try memoryWriter("certificate as PEM") { PEM_write_bio_X509($0, certificate) }
        return octets.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}

/// Owns an EVP_PKEY on P-256.
final class SigningKey {
    let pointer: OpaquePointer?

    init() throws(CryptographyFailure) {
        // EVP_EC_gen of OpenSSL is a macro over a variadic function, which Swift does not import.
        let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1
        else { throw CryptographyFailure("P-256 key") }
        pointer = key
    }

    init(pem: SecretBytes) throws(CryptographyFailure) {
        let key = pem.withUnsafeBytes { octets in
            let reader = BIO_new_mem_buf(octets.baseAddress, Int32(octets.count))
            defer { BIO_free(reader) }
            return PEM_read_bio_PrivateKey(reader, nil, nil, nil)
        }
        guard let key else { throw CryptographyFailure("the private key is not PEM") }
        pointer = key
    }

    deinit { EVP_PKEY_free(pointer) }

    func pem() throws(CryptographyFailure) -> SecretBytes {
        try memoryWriter("private key as PEM") { PEM_write_bio_PrivateKey($0, pointer, nil, nil, 0, nil, nil) }
    }
}

/// Lets OpenSSL read octets.
private func memoryReader(_ octets: [UInt8], _ read: (OpaquePointer?) -> OpaquePointer?) -> OpaquePointer? {
    octets.withUnsafeBufferPointer { buffer in
        let reader = BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count))
        defer { BIO_free(reader) }
        return read(reader)
    }
}

/// Collects what OpenSSL writes, in memory that is wiped.
private func memoryWriter(
    _ what: String, _ write: (OpaquePointer?) -> Int32
) throws(CryptographyFailure) -> SecretBytes {
    let writer = BIO_new(BIO_s_secmem())
    defer { BIO_free(writer) }
    guard write(writer) == 1 else { throw CryptographyFailure(what) }
    let count = Int(BIO_ctrl_pending(writer))
    return try SecretBytes(count: count) { buffer throws(CryptographyFailure) in
        guard BIO_read(writer, buffer.baseAddress, Int32(count)) == Int32(count) else { throw CryptographyFailure(what) }
    }
}
