/// Where in a trace something happens, as W3C's Trace Context carries it from process to process.
public struct TraceContext: Sendable, Hashable {
    /// The trace, 16 octets, not all of them 0.
    public let traceID: [UInt8]
    /// The span within it, 8 octets, not all of them 0.
    public let spanID: [UInt8]

    /// The name of the header, of metadata and of records of the log.
    public static let header = "traceparent"

    /// A context from its parts; none for parts of a wrong size, or of zeros alone.
    public init?(traceID: [UInt8], spanID: [UInt8]) {
        guard traceID.count == 16, spanID.count == 8, traceID.contains(where: { $0 != 0 }),
            spanID.contains(where: { $0 != 0 })
        else { return nil }
        self.traceID = traceID
        self.spanID = spanID
    }

    /// Reads `00-trace-span-flags`, also of a later version that begins so; none for anything else.
    public init?(traceparent: String) {
        let fields = traceparent.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard fields.count >= 4, fields[0].count == 2, fields[3].count == 2,
            let version = Self.octets(fields[0])?.first,
            version != 0xff, version != 0 || fields.count == 4, Self.octets(fields[3]) != nil,
            let trace = Self.octets(fields[1]), let span = Self.octets(fields[2])
        else { return nil }
        self.init(traceID: trace, spanID: span)
    }

    /// `00-trace-span-01`: whoever is traced at all is traced everywhere.
    public var traceparent: String { "00-\(Self.hex(traceID))-\(Self.hex(spanID))-01" }

    /// Hexadecimal in lower case, as Trace Context and OTLP write ids.
    static func hex(_ octets: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func octets(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var octets: [UInt8] = []
        var half: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let high = half {
                octets.append(high << 4 | value)
                half = nil
            } else {
                half = value
            }
        }
        return octets
    }
}
