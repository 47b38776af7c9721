import Mailbox
import Primitives

/// Record headers in one column: for each f(name) f(value).
enum RecordHeaders {
    static func encode(_ headers: [LogRecord.Header]) -> [UInt8] {
        var octets: [UInt8] = []
        for header in headers {
            octets.append(lengthPrefixed: header.name.utf8)
            octets.append(lengthPrefixed: header.value)
        }
        return octets
    }

    static func decode(_ octets: [UInt8]) throws(StoreError) -> [LogRecord.Header] {
        var reader = ByteReader(octets)
        var headers: [LogRecord.Header] = []
        while !reader.isAtEnd {
            guard let name = try? reader.lengthPrefixed(), let value = try? reader.lengthPrefixed() else {
                throw StoreError(.corrupt, "a record of the store has damaged headers; put a copy of the store back")
            }
            headers.append(LogRecord.Header(name: String(decoding: name, as: UTF8.self), value: Array(value)))
        }
        return headers
    }
}
