/// The recursive descent behind `JSON`.
struct JSONParser {
    private let octets: [UInt8]
    private var next = 0

    init(_ octets: [UInt8]) { self.octets = octets }

    mutating func document() throws(FormatError) -> JSON {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard next == octets.count else { throw .trailing(count: octets.count - next) }
        return value
    }

    private var current: UInt8? { next < octets.count ? octets[next] : nil }

    private func fault(_ reason: String) -> FormatError {
        next < octets.count ? .invalid(field: "JSON at octet \(next)", reason: reason) : .truncated(field: "JSON")
    }

    private mutating func skipSpace() {
        while let octet = current, octet == 0x20 || octet == 0x09 || octet == 0x0a || octet == 0x0d { next += 1 }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        next += 1
        return true
    }

    private mutating func value(depth: Int) throws(FormatError) -> JSON {
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(FormatError) -> JSON {
        guard octets[next...].starts(with: word.utf8) else { throw fault("no JSON value") }
        next += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(FormatError) -> JSON {
        guard depth <= JSON.depthLimit else { throw fault("more than \(JSON.depthLimit) levels") }
        next += 1
        var members: [String: JSON] = [:]
        skipSpace()
        if accept("}") { return .object(members) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw fault("a name in quotes is needed") }
            let name = try string()
            guard members[name] == nil else { throw fault("a name stands twice") }
            skipSpace()
            guard accept(":") else { throw fault("a colon is needed") }
            skipSpace()
            members[name] = try value(depth: depth)
            skipSpace()
        } while accept(",")
        guard accept("}") else { throw fault("a comma or the end of the object is needed") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(FormatError) -> JSON {
        guard depth <= JSON.depthLimit else { throw fault("more than \(JSON.depthLimit) levels") }
        next += 1
        var items: [JSON] = []
        skipSpace()
        if accept("]") { return .array(items) }
        repeat {
            skipSpace()
            items.append(try value(depth: depth))
            skipSpace()
        } while accept(",")
        guard accept("]") else { throw fault("a comma or the end of the array is needed") }
        return .array(items)
    }

    private mutating func digits() throws(FormatError) {
        let start = next
        while let octet = current, (0x30...0x39).contains(octet) { next += 1 }
        guard next > start else { throw fault("no JSON value") }
    }

    private mutating func number() throws(FormatError) -> JSON {
        let start = next
        _ = accept("-")
        if !accept("0") { try digits() }
        if accept(".") { try digits() }
        if accept("e") || accept("E") {
            if !accept("+") { _ = accept("-") }
            try digits()
        }
        return .number(String(decoding: octets[start..<next], as: UTF8.self))
    }

    private mutating func string() throws(FormatError) -> String {
        next += 1
        var text: [UInt8] = []
        while let octet = current {
            switch octet {
            case UInt8(ascii: "\""):
                next += 1
                guard let string = String(validatingUTF8Octets: text) else { throw fault("not UTF-8") }
                return string
            case UInt8(ascii: "\\"):
                next += 1
                text.append(contentsOf: String(Character(try escaped())).utf8)
            case 0x00...0x1f: throw fault("a control character")
            default:
                text.append(octet)
                next += 1
            }
        }
        throw .truncated(field: "JSON")
    }

    private mutating func escaped() throws(FormatError) -> Unicode.Scalar {
        guard let octet = current else { throw .truncated(field: "JSON") }
        next += 1
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(octet)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try codePoint()
        default: throw fault("an unknown escape")
        }
    }

    private mutating func codePoint() throws(FormatError) -> Unicode.Scalar {
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // A surrogate: the second half of the pair must follow.
        guard (0xd800...0xdbff).contains(unit), accept("\\"), accept("u") else { throw fault("half a surrogate pair") }
        let low = try codeUnit()
        guard (0xdc00...0xdfff).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00)))
        else { throw fault("half a surrogate pair") }
        return scalar
    }

    private mutating func codeUnit() throws(FormatError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let octet = current, let digit = Character(Unicode.Scalar(octet)).hexDigitValue, octet < 0x80 else {
                throw fault("four hex digits are needed")
            }
            unit = unit << 4 | UInt32(digit)
            next += 1
        }
        return unit
    }
}
