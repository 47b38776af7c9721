import Mailbox

/// One call for contents: the offsets it wants, ascending, and what has been found of them.
struct ContentsOrder: Sendable {
    private let offsets: [UInt64]
    private let key: [UInt8]
    private let octetLimit: Int
    private var values: [[UInt8]] = []
    private var octets = 0
    let deliver: @Sendable (Result<[[UInt8]], StoreError>) -> Void

    /// - Parameter offsets: at least one.
    init(
        _ offsets: [UInt64], of key: [UInt8], octetLimit: Int,
        deliver: @escaping @Sendable (Result<[[UInt8]], StoreError>) -> Void
    ) {
        self.offsets = offsets
        self.key = key
        self.octetLimit = octetLimit
        self.deliver = deliver
    }

    /// The next offset that it wants; none when it has enough.
    var wanted: UInt64? { values.count < offsets.count && octets < octetLimit ? offsets[values.count] : nil }

    /// Takes a record of the partition, if it is one that it wants.
    /// - Throws: `StoreError.gone` where it wants one before it, or it is not of the deposit.
    mutating func take(_ stored: StoredRecord) throws(StoreError) {
        guard let wanted, stored.offset >= wanted else { return }
        guard stored.offset == wanted, stored.record.key == key, let value = stored.record.value else {
            throw Self.gone(wanted)
        }
        values.append(value)
        octets += value.count
    }

    /// Hands over what was found.
    func finish() { deliver(.success(values)) }

    static func gone(_ offset: UInt64) -> StoreError {
        StoreError(
            .gone,
            "the content at offset \(offset) is no longer kept or not of that deposit: it is settled or past its time")
    }
}
