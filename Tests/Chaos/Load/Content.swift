import Primitives
import TestVectors

/// Contents that can be told from everything else: each says who wrote it for whom, and bears the run's mark all over, which must
/// not be found anywhere in the cluster.
package struct ContentMaker: Sendable {
    /// Random octets that stand in every content, at its beginning and every 4096 octets.
    package let mark: [UInt8]
    private let seed: UInt64
    private static let spacing = 4096

    /// Contents of a run.
    package init(seed: UInt64) throws {
        self.seed = seed
        // Not from the seed: two runs with one seed must not find each other's contents.
        mark = try SystemRandom().octets(32)
    }

    /// The content of a writing, of about so many octets: mark, a line that says what it is, octets from the seed.
    package func content(of writing: Writing, octets: Int) -> [UInt8] {
        var content = mark + Array("\(writing.author) \(writing.addressee) \(writing.number)\n".utf8)
        var random = SeededGenerator(seed: seed ^ UInt64(truncatingIfNeeded: writing.number))
        content.reserveCapacity(octets)
        while content.count < octets {
            if content.count % Self.spacing == 0 { content += mark }
            withUnsafeBytes(of: random.next()) { content += $0.prefix(min(8, Self.spacing - content.count % Self.spacing)) }
        }
        return content
    }

    /// What a content says that it is; nil for one that is none of this run.
    package func writing(in content: [UInt8]) -> Writing? {
        guard content.starts(with: mark) else { return nil }
        let line = content.dropFirst(mark.count).prefix { $0 != UInt8(ascii: "\n") }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count == 3, let number = Int(words[2]) else { return nil }
        return Writing(author: String(words[0]), addressee: String(words[1]), number: number)
    }

    /// What must not be found: the mark as it is, and as texts would have it.
    package var needles: [[UInt8]] {
        // Base64 of the mark's middle, at each of three alignments, without the octets that neighbours change.
        let encoded = (0..<3).map { shift in
            Array(base64([UInt8](repeating: 0, count: shift) + mark).utf8).dropFirst(4).prefix(32)
        }
        return [mark, Array(hexadecimal(mark).utf8)] + encoded.map(Array.init)
    }

    private func base64(_ octets: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: octets.count - octets.count % 3, by: 3) {
            let bits = octets[start..<start + 3].reduce(0) { $0 << 8 | Int($1) }
            for shift in [18, 12, 6, 0] { text.append(alphabet[bits >> shift & 63]) }
        }
        return text
    }
}
