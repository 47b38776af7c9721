/// One piece of work within a trace, while it is under way.
///
/// Its attributes are `LogValue`s, so they hold no secret; identities have no business in them either.
public struct Span: Sendable {
    /// What part it has in a call or a message, by the numbers of OTLP.
    public enum Kind: Int, Sendable {
        /// Within a process.
        case `internal` = 1
        /// Answers a call.
        case server = 2
        /// Makes a call.
        case client = 3
        /// Brings a message to the log.
        case producer = 4
        /// Takes a message from the log.
        case consumer = 5
    }

    /// What it does.
    public let name: String
    /// Where it is.
    public let context: TraceContext
    /// What part it has.
    public let kind: Kind
    /// The span that it belongs to, 8 octets; none for the first of a trace.
    public let parent: [UInt8]?
    /// ns since 1970.
    public let start: UInt64
    /// What is known of it.
    public var attributes: [(String, LogValue)] = []
    /// Of another trace that it belongs to as well.
    public var link: TraceContext?
}

/// A span that is over, as sinks take it.
public struct EndedSpan: Sendable {
    /// What it was.
    public let span: Span
    /// ns since 1970, and not before its start.
    public let end: UInt64
    /// Why it failed, in general words; none where it did not.
    public let failure: String?
}
