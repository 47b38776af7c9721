import IdentityBasedEncryption
import Primitives

/// The parameters that a KMS publishes, as IBESysParams of RFC 5408.
enum PublishedParameters {
    /// Reads and checks the parameters.
    ///
    /// Throws `MailboxClientError.untrusted` for what is malformed, no longer valid, or of a level that protects nothing.
    static func check(_ der: [UInt8], acceptsTestLevel: Bool, now: UTCTime) throws -> BFPublicParameters {
        let parameters: BFPublicParameters
        do {
            parameters = try BFPublicParameters(der: der)
        } catch {
            throw MailboxClientError.untrusted(peer: "KMS", reason: "\(error)")
        }
        guard acceptsTestLevel || parameters.level != .test1024 else {
            throw MailboxClientError.untrusted(
                peer: "KMS",
                reason: "its parameters have security level 1024, which protects nothing; for tests enrol with "
                    + "--insecure-test-level")
        }
        return parameters
    }
}
