extension String {
    /// Writes one line of Prometheus's text format.
    mutating func append(sample name: String, _ labels: [(String, String)], _ value: String) {
        self += name
        if !labels.isEmpty {
            self += "{" + labels.map { "\($0)=\"\($1.escaped(quotes: true))\"" }.joined(separator: ",") + "}"
        }
        self += " \(value)\n"
    }

    /// The text as HELP and the values of labels carry it.
    func escaped(quotes: Bool) -> String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// Whether it is a lower-case name with `_`, as all of ours are.
    var isMetricName: Bool {
        guard let first = utf8.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first else { return false }
        return utf8.allSatisfy {
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                || $0 == UInt8(ascii: "_")
        }
    }
}

/// A number as Prometheus reads it.
func decimal(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number > 0 ? "+Inf" : "-Inf" }
    return number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
}
