/// A small certificate authority for the cluster's own TLS: P-256 keys, ECDSA with SHA-256 signatures.
///
/// It serves those who have none: `poste dev`, the demo, tests, a first compose cluster. Operators with an authority bring
/// their own certificates.
public struct CertificateAuthority: Sendable {
    /// The authority's own certificate, PEM: what peers trust.
    public let certificatePEM: String
    /// The authority's private key, PEM.
    public let privateKeyPEM: SecretBytes

    /// A new authority. `notBefore` is `now` less a day, so that peers whose clocks are behind accept it.
    ///
    /// Throws `CryptographyFailure` where OpenSSL fails.
    public init(commonName: String, now: UTCTime, days: Int64 = 3650) throws(CryptographyFailure) {
        let key = try SigningKey()
        let certificate = try CertificateUnderConstruction(commonName: commonName, key: key, now: now, days: days)
        try certificate.add(.basicConstraints, "critical,CA:TRUE,pathlen:0")
        try certificate.add(.keyUsage, "critical,keyCertSign,cRLSign")
        try certificate.sign(with: key, issuer: nil)
        certificatePEM = try certificate.pem()
        privateKeyPEM = try key.pem()
    }

    /// An authority that was made before. Throws `CryptographyFailure` when it issues with PEM that is none.
    public init(certificatePEM: String, privateKeyPEM: SecretBytes) {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }

    /// A certificate for a server or a worker, valid as server and as client.
    ///
    /// - Parameters:
    ///   - hosts: DNS names and IP addresses for the subject alternative name.
    ///   - uris: URIs for it, such as `poste:delivery-worker`, that say which role a worker has.
    public func issue(
        commonName: String, hosts: [String], uris: [String] = [], now: UTCTime, days: Int64 = 365
    ) throws(CryptographyFailure) -> TLSCredentials {
        let key = try SigningKey()
        let certificate = try CertificateUnderConstruction(commonName: commonName, key: key, now: now, days: days)
        try certificate.add(.basicConstraints, "critical,CA:FALSE")
        try certificate.add(.keyUsage, "critical,digitalSignature")
        try certificate.add(.extendedKeyUsage, "serverAuth,clientAuth")
        let names = hosts.map { Self.isAddress($0) ? "IP:\($0)" : "DNS:\($0)" } + uris.map { "URI:\($0)" }
        if !names.isEmpty { try certificate.add(.subjectAlternativeName, names.joined(separator: ",")) }
        let issuerKey = try SigningKey(pem: privateKeyPEM)
        try certificate.sign(with: issuerKey, issuer: certificatePEM)
        return TLSCredentials(certificatePEM: try certificate.pem(), privateKeyPEM: try key.pem())
    }

    private static func isAddress(_ host: String) -> Bool {
        host.contains(":") || host.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    }
}

/// What a TLS endpoint proves itself with.
public struct TLSCredentials: Sendable {
    /// The certificate and those that lead from it to a root, PEM.
    public let certificatePEM: String
    /// The private key of the first, PEM.
    public let privateKeyPEM: SecretBytes

    /// Takes both. They are checked where they are used.
    public init(certificatePEM: String, privateKeyPEM: SecretBytes) {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }
}
