import COpenSSL
import Primitives

/// What is wrong with a certificate, its key, or roots.
public enum RPCCertificateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A file cannot be read.
    case unreadable(path: String, reason: String)
    /// No PEM certificate.
    case notACertificate
    /// No PEM private key, or one under a passphrase.
    case notAPrivateKey
    /// Key and certificate are of different pairs.
    case keyDoesNotMatch
    /// The certificate's time is over.
    case expired
    /// The certificate's time has not come.
    case notYetValid
    /// No certificate among the trusted roots.
    case noRoots

    /// Names the fault and says what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .notACertificate: "the TLS certificate is not one in PEM: give a chain that begins with the server's own"
        case .notAPrivateKey: "the TLS private key is not one in PEM without passphrase"
        case .keyDoesNotMatch: "the TLS private key is not that of the certificate: give the two that belong together"
        case .expired: "the TLS certificate has expired: renew it"
        case .notYetValid: "the TLS certificate is not valid yet: check the clock"
        case .noRoots: "there is no certificate in the trusted roots: give at least one in PEM"
        }
    }
}

extension TLSCredentials {
    /// gRPC takes credentials that do not fit together and then fails every handshake, so they are checked before.
    func check() throws(RPCCertificateError) {
        guard let certificate = firstCertificate(in: certificatePEM) else { throw .notACertificate }
        defer { X509_free(certificate) }
        guard
            let key = privateKeyPEM.withUnsafeBytes({ octets in
                reading(UnsafeRawBufferPointer(octets)) {
                    // Without this callback OpenSSL would ask the terminal for a passphrase.
                    PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil)
                }
            })
        else { throw .notAPrivateKey }
        defer { EVP_PKEY_free(key) }
        guard X509_check_private_key(certificate, key) == 1 else {
            ERR_clear_error()
            throw .keyDoesNotMatch
        }
        guard X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0 else { throw .expired }
        guard X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 else { throw .notYetValid }
    }
}

/// Throws where a PEM text holds no certificate: gRPC would trust nobody, or worse, its own defaults.
func checkRoots(_ pem: String) throws(RPCCertificateError) {
    guard let certificate = firstCertificate(in: pem) else { throw .noRoots }
    X509_free(certificate)
}

/// SHA-256 over the DER of the first certificate in a PEM text; nil where there is none.
func certificateDigest(pem: String) -> [UInt8]? {
    guard let certificate = firstCertificate(in: pem) else { return nil }
    defer { X509_free(certificate) }
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 else { return nil }
    return Array(digest.prefix(Int(count)))
}

/// The caller frees it.
private func firstCertificate(in pem: String) -> OpaquePointer? {
    Array(pem.utf8).withUnsafeBytes { reading($0) { PEM_read_bio_X509($0, nil, nil, nil) } }
}

/// Lets OpenSSL read octets; they need to live only as long as the call.
private func reading(
    _ octets: UnsafeRawBufferPointer, _ read: (OpaquePointer?) -> OpaquePointer?
) -> OpaquePointer? {
    guard let reader = BIO_new_mem_buf(octets.baseAddress, Int32(octets.count)) else { return nil }
    defer { BIO_free(reader) }
    let found = read(reader)
    // What OpenSSL found wrong stays in the thread's error queue, where gRPC would take it for its own.
    if found == nil { ERR_clear_error() }
    return found
}
