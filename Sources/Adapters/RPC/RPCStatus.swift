/// The status codes of gRPC, by the names and numbers of its specification.
public enum RPCCode: Int, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// The call did what it should.
    case ok = 0
    /// The caller, or whoever it worked for, no longer wants the answer.
    case cancelled = 1
    /// An error that says nothing more.
    case unknown = 2
    /// The request is wrong, whatever the state of the server.
    case invalidArgument = 3
    /// The deadline passed first; the work may have been done all the same.
    case deadlineExceeded = 4
    /// What was asked for is not there.
    case notFound = 5
    /// What was to be made is there already.
    case alreadyExists = 6
    /// The caller is known and may not.
    case permissionDenied = 7
    /// A limit or quota is reached: try again later.
    case resourceExhausted = 8
    /// The state of the server does not allow it; trying again does not help.
    case failedPrecondition = 9
    /// It met another operation: begin again from the start.
    case aborted = 10
    /// Beyond the end of something.
    case outOfRange = 11
    /// The server has no such method.
    case unimplemented = 12
    /// A fault of the server.
    case `internal` = 13
    /// The server cannot be reached or will not serve now: trying again may help.
    case unavailable = 14
    /// Something is lost beyond repair.
    case dataLoss = 15
    /// The caller has not proved who it is.
    case unauthenticated = 16

    /// The name as the specification writes it, for example `DEADLINE_EXCEEDED`.
    public var description: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}

/// How a call ended when it did not end well: what handlers throw and what clients catch.
public struct RPCStatus: Error, Sendable, Hashable, CustomStringConvertible {
    /// The trailing metadata that carries ``retryAfterMs``, in decimal milliseconds.
    static let retryAfterName = "retry-after-ms"
    /// A message longer than this many octets is cut before it is sent: all trailing metadata must stay below 8 kB.
    static let longestMessage = 1024

    /// Which kind of end.
    public var code: RPCCode
    /// Names the fault and says what to do, for people.
    public var message: String
    /// After how many milliseconds the caller may try again; absent where the server does not say.
    public var retryAfterMs: Int?

    /// A status to throw.
    public init(_ code: RPCCode, _ message: String, retryAfterMs: Int? = nil) {
        self.code = code
        self.message = message
        self.retryAfterMs = retryAfterMs
    }

    /// Code, message and delay on one line.
    public var description: String {
        let retry = retryAfterMs.map { " (try again after \($0) ms)" } ?? ""
        return "\(code): \(message)\(retry)"
    }
}
