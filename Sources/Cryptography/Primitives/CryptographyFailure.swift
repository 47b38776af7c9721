import COpenSSL

/// OpenSSL could not do what it always can: out of memory, no entropy, an algorithm switched off by the system.
public struct CryptographyFailure: Error, Equatable, CustomStringConvertible {
    /// What failed, and OpenSSL's own reason where it gave one.
    public let description: String

    /// Takes the latest reason from OpenSSL's queue of errors and empties it.
    init(_ what: String) {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else {
            description = "OpenSSL: \(what)"
            return
        }
        description = "OpenSSL: \(what): \(String(cString: reason))"
    }
}

/// A ciphertext, tag or MAC that does not belong to its key and context. There is one such error for every cause.
public struct AuthenticationFailure: Error, Equatable, CustomStringConvertible {
    /// Names no cause, so that nobody learns one.
    public var description: String { "authentication failed: altered, cut, or made with another key" }
    /// The one error.
    public init() {}
}
