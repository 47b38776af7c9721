import MIKEY
import Primitives

/// The project's own formats, which all begin with f(label): their fields in order, with what each holds.
struct OwnFormat {
    /// How a field is laid out.
    enum Layout {
        /// f(x).
        case framed(Reading)
        /// So many octets.
        case octets(Int, Reading)
        /// f(x), x of another format of ours.
        case nested
        /// Where an envelope keeps the content: 0 f(ciphertext), or 1 and the run in the contents topic.
        case place
    }

    /// How a field's octets read.
    enum Reading {
        case text
        case hex
        case number
        case milliseconds
        case timestamp
        case length
    }

    let name: String
    let label: String
    let section: String
    let fields: [(name: String, layout: Layout)]

    private static let all = [depositHeader, receiptHeader, envelope]

    /// The format whose label the octets begin with.
    static func recognise(_ octets: [UInt8]) -> OwnFormat? {
        var reader = ByteReader(octets)
        guard let label = try? reader.lengthPrefixed() else { return nil }
        return all.first { Array($0.label.utf8) == Array(label) }
    }

    private static let depositHeader = OwnFormat(
        name: "deposit header", label: "poste deposit v1", section: "docs/protocol.md choice 22",
        fields: [
            ("label", .framed(.text)), ("id", .framed(.hex)), ("IDRi", .framed(.text)), ("called IDRr", .framed(.text)),
            ("T of I_MESSAGE_2", .octets(8, .timestamp)), ("curve, SHA-256 of ESK", .framed(.hex)),
            ("media type", .framed(.text)), ("plaintext length", .octets(8, .number)),
            ("chunk size", .octets(4, .number)), ("created", .octets(8, .milliseconds)),
            ("lifetime, s", .octets(4, .number)), ("number", .octets(4, .number)), ("flags", .octets(1, .hex)),
        ])

    private static let receiptHeader = OwnFormat(
        name: "delivery receipt header", label: "poste receipt v1", section: "docs/protocol.md choice 26",
        fields: [
            ("label", .framed(.text)), ("id of the deposit", .framed(.hex)), ("recipient", .framed(.text)),
            ("acknowledged at", .octets(8, .milliseconds)),
        ])

    private static let envelope = OwnFormat(
        name: "envelope", label: "poste envelope v1", section: "Sources/Mailbox/Records/EnvelopeCoding.swift",
        fields: [
            ("label", .framed(.text)), ("mailbox", .framed(.text)), ("H", .nested), ("sender", .framed(.text)),
            ("ESK", .framed(.length)), ("received at", .octets(8, .milliseconds)), ("sender proof", .framed(.hex)),
            ("ciphertext length", .octets(8, .number)), ("SHA-256 of ciphertext", .octets(32, .hex)), ("place", .place),
        ])
}

extension OwnFormat {
    /// The fields of octets of this format, `offset` octets into the whole. Throws `CommandFailure` where they are cut.
    func parts(of octets: [UInt8], offset: Int = 0) throws -> [Outline.Part] {
        var reader = ByteReader(octets)
        var parts: [Outline.Part] = []
        for field in fields {
            let start = reader.offset
            do {
                let (text, inner) = try read(field.layout, &reader)
                parts.append(
                    Outline.Part(
                        name: field.name, offset: offset + start, octets: reader.offset - start, fields: text,
                        section: section))
                if let inner, let format = OwnFormat.recognise(inner) {
                    parts += try format.parts(of: inner, offset: offset + start + 4)
                }
            } catch let error as ByteReader.Truncated {
                throw CommandFailure(.data, "the \(name) is cut in its field \"\(field.name)\": \(error)")
            }
        }
        guard reader.isAtEnd else {
            throw CommandFailure(.data, "\(reader.remaining) octets follow the last field of the \(name)")
        }
        return parts
    }

    private func read(
        _ layout: Layout, _ reader: inout ByteReader
    ) throws(ByteReader.Truncated) -> (text: String, inner: [UInt8]?) {
        switch layout {
        case .framed(let reading): return (reading.text(try reader.lengthPrefixed()), nil)
        case .octets(let count, let reading): return (reading.text(try reader.octets(count)), nil)
        case .nested:
            let inner = try reader.lengthPrefixed()
            return ("\(inner.count) octets:", Array(inner))
        case .place: return (try place(&reader), nil)
        }
    }

    private func place(_ reader: inout ByteReader) throws(ByteReader.Truncated) -> String {
        if try reader.uint8() == 0 {
            return "here, \(try reader.lengthPrefixed().count) octets of ciphertext"
        }
        let partition = try reader.uint32()
        var ranges: [String] = []
        for _ in 0..<(try reader.uint32()) {
            let first = try reader.uint64()
            ranges.append("\(first) to \(first &+ UInt64(try reader.uint32()) &- 1)")
        }
        return "contents topic, partition \(partition), offsets \(ranges.joined(separator: ", "))"
    }
}

extension OwnFormat.Reading {
    func text(_ octets: ArraySlice<UInt8>) -> String {
        let number = octets.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return switch self {
        case .text: String(decoding: octets, as: UTF8.self)
        case .hex: octets.isEmpty ? "none" : hexadecimal(octets)
        case .number: "\(number)"
        case .milliseconds: "\(number) ms, \(UTCTime(milliseconds: Int64(clamping: number)))"
        case .timestamp: "\(hexadecimal(octets)), \(NTPTimestamp(rawValue: number))"
        case .length: "\(octets.count) octets"
        }
    }
}
