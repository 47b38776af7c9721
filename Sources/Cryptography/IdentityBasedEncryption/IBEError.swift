/// What can be wrong with parameters, keys and ciphertexts. No case holds anything secret.
public enum IBEError: Error, Equatable, CustomStringConvertible {
    /// Octets that are not the DER they should be.
    case malformed(structure: String, fault: String)
    /// DER of a version, curve, hash function, algorithm or size that is not supported.
    case unsupported(String)
    /// Parameters whose numbers or points do not belong together.
    case invalidParameters(String)
    /// A private key or master secret that is not one under these parameters.
    case invalidKey(String)
    /// A private key that is another identity's.
    case keyOfAnotherIdentity
    /// Two parties whose parameters are not the same.
    case differentParameters
    /// A ciphertext that does not decrypt: altered, made for another identity or under other parameters, or its point is off
    /// the curve. One case for every cause after parsing.
    case undecryptable
    /// An identity that hashes to no usable point. Nobody has seen one.
    case unusableIdentity
    /// Octets that are no dated identity.
    case invalidDatedIdentity(String)
    /// The library underneath failed: no memory or no random octets.
    case failure(String)

    /// The fault, and what to do about it.
    public var description: String {
        switch self {
        case .malformed(let structure, let fault):
            "\(structure) is not valid DER: \(fault); fetch or send it again unaltered"
        case .unsupported(let what): "unsupported: \(what); use RFC 5091's version 2 at level 2048, 3072 or 7680"
        case .invalidParameters(let fault):
            "these public parameters are not valid: \(fault); fetch them from the KMS again"
        case .invalidKey(let fault): "this is not a key under these parameters: \(fault); ask the KMS for it again"
        case .keyOfAnotherIdentity:
            "the private key is not that of this identity and day under these parameters; ask the KMS for it again"
        case .differentParameters:
            "both parties need the parameters of one KMS; between two KMSs there is no sender proof"
        case .undecryptable:
            "the ciphertext was altered, or was made for another identity, day or KMS; ask its sender again"
        case .unusableIdentity: "the identity hashes to no usable point; use another day or name"
        case .invalidDatedIdentity(let fault): "not a dated identity: \(fault); it is a URI followed by YYYY-MM-DD"
        case .failure(let fault): "\(fault); try again"
        }
    }
}
