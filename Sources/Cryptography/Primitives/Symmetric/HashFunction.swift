import COpenSSL

/// The hash functions of RFC 5091 and of MIKEY.
public enum HashFunction: String, Sendable, CaseIterable {
    /// SHA-1, where RFC 3830 and RFC 5091's level 1024 still ask for it.
    case sha1 = "SHA1"
    /// SHA-224.
    case sha224 = "SHA224"
    /// SHA-256.
    case sha256 = "SHA256"
    /// SHA-384.
    case sha384 = "SHA384"
    /// SHA-512.
    case sha512 = "SHA512"

    /// The length of a hash in octets (hashlen of RFC 5091).
    public var octetCount: Int {
        switch self {
        case .sha1: 20
        case .sha224: 28
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The hash of the octets.
    public func hash(_ octets: some Collection<UInt8>) -> [UInt8] {
        var running = RunningHash(self)
        running.update(octets)
        return running.finish()
    }

    /// The hash of a secret, itself a secret.
    public func hash(_ secret: SecretBytes) -> SecretBytes {
        SecretBytes(count: octetCount) { output in
            secret.withUnsafeBytes { input in
                _ = EVP_Digest(input.baseAddress, input.count, output.baseAddress, nil, algorithm, nil)
            }
        }
    }

    /// OpenSSL's description: static memory that is never released.
    var algorithm: OpaquePointer? {
        switch self {
        case .sha1: EVP_sha1()
        case .sha224: EVP_sha224()
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }
}

/// A hash over octets that come piece by piece.
public struct RunningHash: Sendable {
    private let function: HashFunction
    private var context: HashContext

    /// A hash over nothing yet.
    public init(_ function: HashFunction) {
        self.function = function
        context = HashContext(function)
    }

    /// Takes the next octets.
    public mutating func update(_ octets: some Collection<UInt8>) {
        if !isKnownUniquelyReferenced(&context) { context = HashContext(copying: context) }
        if octets.withContiguousStorageIfAvailable({ EVP_DigestUpdate(context.pointer, $0.baseAddress, $0.count) }) == nil {
            let copy = Array(octets)
            EVP_DigestUpdate(context.pointer, copy, copy.count)
        }
    }

    /// The hash over all octets so far. More may follow.
    public func finish() -> [UInt8] {
        let last = HashContext(copying: context)
        var output = [UInt8](repeating: 0, count: function.octetCount)
        EVP_DigestFinal_ex(last.pointer, &output, nil)
        return output
    }
}

/// Owns an EVP_MD_CTX.
///
/// `@unchecked`: OpenSSL's context is not `Sendable`; `RunningHash` changes it only while it is the one owner.
private final class HashContext: @unchecked Sendable {
    let pointer: OpaquePointer?

    init(_ function: HashFunction) {
        pointer = EVP_MD_CTX_new()
        EVP_DigestInit_ex(pointer, function.algorithm, nil)
    }

    init(copying other: HashContext) {
        pointer = EVP_MD_CTX_new()
        EVP_MD_CTX_copy_ex(pointer, other.pointer)
    }

    deinit { EVP_MD_CTX_free(pointer) }
}
