import COpenSSL

/// Where random octets come from. A parameter everywhere, so that whole exchanges can be computed again in tests.
public protocol RandomSource: Sendable {
    /// `count` uniformly random octets that nobody else knows.
    func secretOctets(_ count: Int) throws -> SecretBytes
}

extension RandomSource {
    /// `count` uniformly random octets that will be public: identifiers, RAND, nonces.
    /// Throws what `secretOctets` throws.
    public func octets(_ count: Int) throws -> [UInt8] {
        try secretOctets(count).exposedCopy()
    }
}

/// OpenSSL's generator, seeded by the operating system.
public struct SystemRandom: RandomSource {
    /// The process's generator.
    public init() {}

    /// See `RandomSource`. Throws `CryptographyFailure` when the operating system gives no entropy.
    public func secretOctets(_ count: Int) throws -> SecretBytes {
        try SecretBytes(count: count) { buffer throws(CryptographyFailure) in
            guard count == 0 || RAND_priv_bytes(buffer.baseAddress, Int32(count)) == 1 else {
                throw CryptographyFailure("no random octets")
            }
        }
    }
}
