/// A JSON text (RFC 8259), read strictly and within bounds: whole UTF-8, no name twice in an object, at most 8 levels
/// deep. Numbers keep their digits.
indirect enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The most levels of arrays and objects.
    static let depthLimit = 8

    /// Reads one text with nothing but white space around it.
    init(_ octets: [UInt8], atMost limit: Int) throws(FormatError) {
        guard octets.count <= limit else {
            throw .invalid(field: "JSON", reason: "\(octets.count) octets long; at most \(limit) are allowed")
        }
        var parser = JSONParser(octets)
        self = try parser.document()
    }

    /// A text of digits and such, quoted.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    func text(_ field: String) throws(FormatError) -> String {
        guard case .string(let text) = self else { throw .invalid(field: field, reason: "a JSON string is needed") }
        return text
    }

    func natural(_ field: String) throws(FormatError) -> Int64 {
        guard case .number(let digits) = self, let value = Int64(digits), value >= 0 else {
            throw .invalid(field: field, reason: "a whole number of 0 or more is needed")
        }
        return value
    }

    func list(_ field: String) throws(FormatError) -> [JSON] {
        guard case .array(let items) = self else { throw .invalid(field: field, reason: "a JSON array is needed") }
        return items
    }
}
