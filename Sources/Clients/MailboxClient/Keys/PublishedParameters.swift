import IdentityBasedEncryption
import Primitives

/// The parameters that a KMS publishes, as IBESysParams of RFC 5408.
enum PublishedParameters {
    /// The parameters that are valid now, highest serial first.
    ///
    /// Throws `MailboxClientError.untrusted` for what is malformed, for none that are valid, and for a level that
    /// protects nothing unless that is accepted.
    static func valid(
        _ published: [[UInt8]], acceptsTestLevel: Bool, now: UTCTime
    ) throws(MailboxClientError) -> [BFPublicParameters] {
        let all: [IBESysParams]
        do {
            all = try published.map { try IBESysParams(der: $0) }
        } catch {
            throw .untrusted(peer: "KMS", reason: "\(error)")
        }
        let valid = all.filter { $0.isValid(at: now) }.sorted { $0.districtSerial > $1.districtSerial }
        guard !valid.isEmpty else {
            throw .untrusted(
                peer: "KMS", reason: "it has no parameters that are valid now; check this machine's clock")
        }
        guard acceptsTestLevel || valid.allSatisfy({ $0.parameters.level != .test1024 }) else {
            throw .untrusted(
                peer: "KMS",
                reason: "its parameters have security level 1024, which protects nothing; for tests enrol with "
                    + "--insecure-test-level")
        }
        // A KMS that serves several domains publishes the same for each.
        var seen: Set<BFPublicParameters> = []
        return valid.map(\.parameters).filter { seen.insert($0).inserted }
    }
}
