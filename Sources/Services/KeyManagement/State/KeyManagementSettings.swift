import IdentityBasedEncryption
import Primitives

/// What the operator of a KMS decides.
public struct KeyManagementSettings: Sendable {
    /// Who the KMS is: the ID data of IDRkms and the district name of its parameters (docs/protocol.md choice 27). It is
    /// fixed when the state is made.
    public var name: Identity
    /// The security level of new parameters.
    public var level = SecurityLevel.level3072
    /// Whether level 1024 is accepted, which protects nothing: for tests.
    public var insecureTestLevel = false
    /// The domains whose identities may be enrolled; nil for any.
    public var domains: Set<String>?
    /// Which keys an account may have.
    public var policy = KeyPolicy()
    /// How long new parameters are valid, in days.
    public var validityDays: Int64 = 3650
    /// Puts a damaged audit log aside and begins another, whose first line says so. Without it the KMS does not start.
    public var beginsNewAuditLog = false
    /// What somebody must show who wants accounts made; nil for what the state folder has, or a new one there.
    public var enrolmentToken: SecretBytes?
    /// How many octets of answers are remembered for repeated requests.
    public var rememberedOctets = 64 << 20

    /// The settings of a KMS; everything but its name has a default.
    public init(name: Identity) { self.name = name }
}
