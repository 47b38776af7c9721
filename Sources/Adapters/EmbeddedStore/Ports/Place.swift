import Mailbox
import SQLite

/// Where a record is, as one number: topic << 60 | partition << 44 | offset.
struct Place {
    static let offsetLimit: UInt64 = 1 << 44

    let value: Int64

    init(_ topic: LogTopic, _ partition: Int, _ offset: UInt64) {
        value = Int64(topic.rawValue) << 60 | Int64(partition) << 44 | Int64(min(offset, Self.offsetLimit - 1))
    }

    init(value: Int64) { self.value = value }

    var offset: UInt64 { UInt64(value) & (Self.offsetLimit - 1) }

    var sql: SQLiteValue { .integer(value) }

    /// The place after the last of a partition.
    static func end(_ topic: LogTopic, _ partition: Int) -> SQLiteValue {
        .integer(Int64(topic.rawValue) << 60 | Int64(partition + 1) << 44)
    }

    /// The place after the last of a topic.
    static func end(_ topic: LogTopic) -> SQLiteValue {
        let (end, overflow) = (Int64(topic.rawValue + 1)).multipliedReportingOverflow(by: 1 << 60)
        return .integer(overflow ? .max : end)
    }
}
