import Primitives

extension UTCTime {
    /// A moment from the 8 octets of a format: milliseconds since 1970, of which the upper half is refused.
    init(milliseconds wire: UInt64, field: String) throws(FormatError) {
        guard let milliseconds = Int64(exactly: wire) else {
            throw .invalid(field: field, reason: "\(wire) ms since 1970 is out of range")
        }
        self.init(milliseconds: milliseconds)
    }

    /// The 8 octets of a format; moments before 1970 are written as 1970.
    var wire: UInt64 { UInt64(max(milliseconds, 0)) }

    /// The moment so many seconds later; the last one that there is if that is later.
    public func adding(seconds: UInt32) -> UTCTime { adding(milliseconds: Int64(seconds) * 1000) }

    /// The moment so many milliseconds later; the last one that there is if that is later.
    func adding(milliseconds more: Int64) -> UTCTime {
        let (sum, overflow) = milliseconds.addingReportingOverflow(more)
        return UTCTime(milliseconds: overflow ? (more < 0 ? .min : .max) : sum)
    }
}
