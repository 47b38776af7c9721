import IdentityBasedEncryption

/// Why an account is not made.
public enum EnrolmentRefusal: Error, Equatable, CustomStringConvertible {
    /// The token is missing or wrong.
    case token
    /// Neither identities nor a mailbox domain are named, or both are.
    case unclear
    /// Too many identities for one account.
    case tooMany(Int, limit: Int)
    /// Not a URI.
    case invalid(InvalidIdentity)
    /// The name of a mailbox service or of the KMS, which is no user's.
    case reserved(Identity)
    /// The KMS does not serve the domain.
    case foreignDomain(String)
    /// Not a domain.
    case invalidDomain(String)
    /// Somebody has the identity already.
    case enrolled(Identity)

    /// The fault, and what to do.
    public var description: String {
        switch self {
        case .token:
            "the enrolment token is missing or wrong: send the content of the file enrolment.token of the KMS's state"
                + " folder as metadata `authorization: Bearer TOKEN`"
        case .unclear: "name either the identities of one account or the domain of one mailbox service"
        case .tooMany(let count, let limit): "\(count) identities are too many for one account: it may have \(limit)"
        case .invalid(let fault): fault.description
        case .reserved(let identity): "\(identity) is no user's name: choose another"
        case .foreignDomain(let domain): "this KMS does not serve \(domain): enrol with the KMS of that domain"
        case .invalidDomain(let text): "\(text) is no domain: it has letters, digits, - and . only"
        case .enrolled(let identity):
            "\(identity) is already enrolled: use the PSK that was given out then. If it is lost, let the KMS's operator"
                + " remove the account, and enrol again"
        }
    }
}
