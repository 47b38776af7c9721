/// What a field of a log line can hold. There is no case for secrets.
public enum LogValue: Sendable, Equatable {
    /// Text.
    case text(String)
    /// A whole number.
    case number(Int64)
    /// Yes or no.
    case flag(Bool)

    var plain: String {
        switch self {
        case .text(let text): text.contains(where: \.isWhitespace) ? json : text
        case .number(let number): String(number)
        case .flag(let flag): String(flag)
        }
    }

    var json: String {
        guard case .text(let text) = self else { return plain }
        var escaped = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\u{0}"..<" ", "\u{7f}"..<"\u{a0}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped + "\""
    }
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    /// Text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .number(value) }
    /// Yes or no.
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    /// How the value describes itself.
    public init(_ value: some CustomStringConvertible) { self = .text(value.description) }
    /// A whole number.
    public init(_ value: some BinaryInteger) { self = .number(Int64(clamping: value)) }
}
