import IdentityBasedEncryption

/// Who may be enrolled.
struct EnrolmentPolicy: Sendable {
    static let maximumIdentities = 16

    /// The KMS's own name.
    let kms: Identity
    /// The domains served; nil for any.
    let domains: Set<String>?

    /// The identities of a user's account. Throws `EnrolmentRefusal`.
    func identities(_ uris: [String]) throws(EnrolmentRefusal) -> [Identity] {
        guard uris.count <= Self.maximumIdentities else { throw .tooMany(uris.count, limit: Self.maximumIdentities) }
        var identities: [Identity] = []
        for uri in uris {
            let identity: Identity
            do throws(InvalidIdentity) {
                identity = try Identity(uri)
            } catch {
                throw .invalid(error)
            }
            // Keys of a mailbox's name in a user's hands would let him pass for the mailbox.
            guard identity != kms, identity != identity.mailbox else { throw .reserved(identity) }
            if let domains {
                guard let domain = identity.domain, domains.contains(domain) else {
                    throw .foreignDomain(identity.domain ?? uri)
                }
            }
            if !identities.contains(identity) { identities.append(identity) }
        }
        return identities
    }

    /// The one identity of the account of a domain's mailbox service. Throws `EnrolmentRefusal`.
    func mailbox(ofDomain domain: String) throws(EnrolmentRefusal) -> Identity {
        guard let mailbox = try? Identity("sip:mailbox@\(domain)"), mailbox.domain == domain else {
            throw .invalidDomain(domain)
        }
        if let domains, !domains.contains(domain) { throw .foreignDomain(domain) }
        return mailbox
    }
}
