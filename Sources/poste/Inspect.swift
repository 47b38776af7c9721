import Foundation
import MailboxClient
import Primitives

extension Command {
    static let inspect = Command(
        name: "inspect", summary: "shows a MIKEY message or a record of the log to a person",
        synopsis: "[FILE | - | HEX]", words: 0...1,
        discussion: """
            Takes a MIKEY message, a deposit header, a delivery receipt's header or an envelope as the log
            keeps it, in octets or in hexadecimal digits, from a file, from standard input, or from the
            command line, and shows each part with its offset, its length, its fields and where they are
            specified. Nothing is decrypted: there is no key here.
            """,
        examples: [
            ("poste inspect message.bin", "shows a message from a file"),
            ("echo 0117... | poste inspect", "shows hexadecimal digits from standard input"),
            ("poste inspect --json envelope.bin", "the same for programs"),
        ],
        options: [.json],
        run: { arguments in
            let outline = try Outline(try octetsToInspect(arguments.words.first ?? "-"))
            if arguments.has("json") {
                try printJSON(outline)
            } else {
                outline.lines.forEach(say)
            }
        })
}

/// The octets of a file, of standard input (`-`), or of digits on the command line.
private func octetsToInspect(_ word: String) throws -> [UInt8] {
    let limit = 16 << 20
    if word != "-", !FileManager.default.fileExists(atPath: word), let octets = octets(hexadecimal: word),
        !octets.isEmpty
    {
        return octets
    }
    let file = try OpenFile(word == "-" ? "/dev/stdin" : word, O_RDONLY)
    let content = try file.readNext(limit)
    guard content.count < limit else { throw CommandFailure(.data, "\(word) has more than 16 MiB: that is no message") }
    guard !content.isEmpty else { throw CommandFailure(.data, "\(word) is empty") }
    // Digits with blanks and line ends between them are taken for what they stand for.
    let digits = content.filter { !" \t\r\n".utf8.contains($0) }
    return octets(hexadecimal: String(decoding: digits, as: UTF8.self)) ?? content
}
