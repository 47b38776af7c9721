/// Data type of the Common Header: which message it is (RFC 3830 section 6.1, RFC 6267 section 6.1).
public enum DataType: UInt8, Sendable, CaseIterable {
    /// An Error message (RFC 3830 section 5.1.2).
    case error = 6
    /// REQUEST_KEY_INIT_PSK: asks the KMS for private keys, under a pre-shared key.
    case requestKeyPSK = 19
    /// REQUEST_KEY_INIT_PKE: the same under an envelope key and a signature.
    case requestKeyPKE = 20
    /// REQUEST_KEY_RESP: the KMS's answer to either.
    case requestKeyResponse = 21
    /// I_MESSAGE_1.
    case iMessage1 = 22
    /// R_MESSAGE_1.
    case rMessage1 = 23
    /// I_MESSAGE_2.
    case iMessage2 = 24
    /// R_MESSAGE_2.
    case rMessage2 = 25

    /// The message's name in the RFC.
    public var name: String {
        switch self {
        case .error: "Error"
        case .requestKeyPSK: "REQUEST_KEY_INIT_PSK"
        case .requestKeyPKE: "REQUEST_KEY_INIT_PKE"
        case .requestKeyResponse: "REQUEST_KEY_RESP"
        case .iMessage1: "I_MESSAGE_1"
        case .rMessage1: "R_MESSAGE_1"
        case .iMessage2: "I_MESSAGE_2"
        case .rMessage2: "R_MESSAGE_2"
        }
    }
}
