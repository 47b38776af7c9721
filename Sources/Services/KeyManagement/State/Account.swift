import IdentityBasedEncryption
import Primitives

/// Somebody who has a pre-shared key with the KMS: a user, or the mailbox service of a domain.
struct Account: Sendable {
    /// Its number.
    let id: Int64
    /// The name of its PSK: the data of IDRpsk.
    let pskName: [UInt8]
    /// 32 octets.
    let psk: SecretBytes
    /// Whose keys it may have. That of a mailbox service has `sip:mailbox@DOMAIN` alone.
    let identities: Set<Identity>
}

/// What somebody gets who has been enrolled. The PSK is shown this once.
public struct Enrolment: Sendable {
    /// The number of the account.
    public let account: Int64
    /// The name of the PSK: the data of IDRpsk, 16 octets.
    public let pskName: [UInt8]
    /// The PSK, 32 octets.
    public let psk: SecretBytes
}
