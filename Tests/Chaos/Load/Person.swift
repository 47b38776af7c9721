import IdentityBasedEncryption
import MailboxClient

/// Somebody with a profile, who sends and receives.
struct Person: Sendable {
    /// The USER of the URI.
    let name: String
    let identity: Identity
    let client: MailboxClient

    /// Enrols somebody at the cluster's KMS.
    init(_ name: String, domain: String, home: String, _ endpoints: EndpointSource, token: String) async throws {
        self.name = name
        identity = try Identity("sip:\(name)@\(domain)")
        var enrolment = MailboxClient.Enrolment(identities: [identity], endpoints: endpoints, token: token)
        enrolment.acceptsTestLevel = true
        let profile = try await MailboxClient.enroll(
            enrolment, at: Profile.folder(named: name, home: home), passphrase: nil)
        var configuration = MailboxClient.Configuration()
        configuration.changesFronts = true
        client = MailboxClient(profile, configuration)
        try await client.fetchKeys()
    }
}
