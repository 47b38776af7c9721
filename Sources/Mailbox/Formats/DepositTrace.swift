import Primitives

/// How what happens to a deposit is followed through a cluster: its trace has its own id, and one span of it, that of the front which took
/// the deposit, has an id that everybody can tell. So each process finds the place for what it does with no word from another.
public struct DepositTrace: Sendable, Hashable {
    /// The trace's id, 16 octets: the deposit's.
    public let id: [UInt8]
    /// The id of the span in which a front takes the deposit, 8 octets: the first of SHA-256 of the trace's id.
    public let depositSpan: [UInt8]

    /// The id of the span in which the sender leaves it, 8 octets: the next of SHA-256. It is the parent of the other.
    public let senderSpan: [UInt8]

    /// The header of records and of calls that carries both, as W3C's Trace Context has it.
    public static let header = "traceparent"

    /// The trace of a deposit.
    public init(_ deposit: DepositID) {
        id = deposit.octets
        let digest = HashFunction.sha256.hash(deposit.octets)
        depositSpan = Array(digest[0..<8])
        senderSpan = Array(digest[8..<16])
    }

    /// Both as the header carries them.
    public var traceparent: String { "00-\(hexadecimal(id))-\(hexadecimal(depositSpan))-01" }
}
