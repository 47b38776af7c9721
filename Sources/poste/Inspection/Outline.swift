import MIKEY

/// What octets are, part by part, as `inspect` shows it.
struct Outline: Encodable {
    struct Part: Encodable {
        let name: String
        let offset: Int
        let octets: Int
        let fields: String
        /// Where it is specified.
        let section: String
    }

    /// What the octets are, in a word or two: `MIKEY R_MESSAGE_1`, `envelope`.
    let kind: String
    let octets: Int
    let parts: [Part]

    /// Looks at octets of any kind that is known here. Throws `CommandFailure` with what is wrong with them.
    init(_ octets: [UInt8]) throws {
        if let format = OwnFormat.recognise(octets) {
            kind = format.name
            parts = try format.parts(of: octets)
        } else {
            let message = MessageOutline(of: octets)
            if let fault = message.fault {
                throw CommandFailure(
                    .data,
                    "neither a MIKEY message nor a header, receipt or envelope of this project. Read as MIKEY: \(fault)"
                )
            }
            kind = "MIKEY " + (octets.count > 1 ? DataType(rawValue: octets[1])?.name ?? "message" : "message")
            parts = message.parts.map {
                Part(name: $0.name, offset: $0.offset, octets: $0.count, fields: $0.fields, section: $0.section)
            }
        }
        self.octets = octets.count
    }

    /// The outline as lines of text.
    var lines: [String] {
        let nameWidth = parts.map(\.name.count).max() ?? 0
        return ["\(kind), \(octets) octets"]
            + parts.map { part in
                let place = "\(part.offset)".leftPadded(6) + " +\(part.octets)".padded(7)
                return "\(place) \(part.name.padded(nameWidth))  \(part.fields)  (\(part.section))"
            }
    }
}

extension String {
    /// The text with blanks behind it up to a width.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    /// The text with blanks before it up to a width.
    func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
