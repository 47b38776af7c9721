/// Error no of the Error payload (RFC 3830 section 6.12), as docs/protocol.md choice 18 uses them.
public enum ErrorNumber: UInt8, Sendable, CaseIterable {
    /// What cannot be decrypted, fails a check after decryption, or has a wrong MAC or signature.
    case authenticationFailure = 0
    /// The timestamp: its type, its distance from the clock, its order.
    case invalidTimestamp = 1
    /// The PRF is not supported or not enabled.
    case invalidPRF = 2
    /// The MAC algorithm is not the one that goes with the PRF.
    case invalidMAC = 3
    /// The encryption algorithm is not the one that goes with the PRF.
    case invalidEncryption = 4
    /// The hash function is not supported.
    case invalidHash = 5
    /// An identity: its type or form, or nobody here has it.
    case invalidID = 7
    /// The certificate is not accepted.
    case invalidCertificate = 8
    /// The data type is not one that this party answers.
    case invalidDataType = 11
    /// The rest: missing, unexpected and doubled payloads, header fields, maps, repeats with other octets.
    case unspecified = 12

    /// The error's name in the RFC.
    public var name: String {
        switch self {
        case .authenticationFailure: "Auth failure"
        case .invalidTimestamp: "Invalid TS"
        case .invalidPRF: "Invalid PRF"
        case .invalidMAC: "Invalid MAC"
        case .invalidEncryption: "Invalid EA"
        case .invalidHash: "Invalid HA"
        case .invalidID: "Invalid ID"
        case .invalidCertificate: "Invalid Cert"
        case .invalidDataType: "Invalid DT"
        case .unspecified: "Unspecified error"
        }
    }
}
