/// Octets as lower-case hexadecimal digits, two an octet.
public func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
    var text = ""
    for octet in octets {
        text.append(hexDigits[Int(octet >> 4)])
        text.append(hexDigits[Int(octet & 15)])
    }
    return text
}

/// The octets that hexadecimal digits of either case stand for, or nil where they are odd in number or not digits.
public func octets(hexadecimal text: some StringProtocol) -> [UInt8]? {
    var octets: [UInt8] = []
    var high: UInt8?
    for character in text.utf8 {
        let digit: UInt8
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - UInt8(ascii: "A") + 10
        default: return nil
        }
        if let first = high {
            octets.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    return high == nil ? octets : nil
}

private let hexDigits: [Character] = Array("0123456789abcdef")
