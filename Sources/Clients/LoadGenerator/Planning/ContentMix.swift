/// How large deposits are, and how often.
public struct ContentMix: Sendable, Hashable, CustomStringConvertible {
    /// One kind of content.
    public struct Part: Sendable, Hashable {
        /// `text`, `picture`, `voicemail`, or the octets in digits.
        public var name: String
        /// Its size in octets.
        public var octets: Int
        /// How often it is, beside the others.
        public var weight: Double
        /// Its media type.
        public var mediaType: String
    }

    /// A text of 200 octets, a picture of 200 kB, a voicemail of 500 kB.
    static let kinds: [String: (octets: Int, mediaType: String)] = [
        "text": (200, "text/plain"), "picture": (200_000, "image/jpeg"), "voicemail": (500_000, "audio/wav"),
    ]
    /// 100 MB: what a front takes.
    private static let largest = 100_000_000

    /// The parts, at least one, with a weight above 0 in all.
    public let parts: [Part]

    /// 90 % texts, 8 % pictures, 2 % voicemails.
    public static let standard = ContentMix(
        parts: [("text", 90.0), ("picture", 8), ("voicemail", 2)].compactMap { name, weight in
            kinds[name].map { Part(name: name, octets: $0.octets, weight: weight, mediaType: $0.mediaType) }
        })

    private init(parts: [Part]) { self.parts = parts }

    /// Contents of one size, at least that of `LoadContent`'s own head.
    public static func only(octets: Int) -> ContentMix {
        ContentMix(parts: [
            Part(
                name: "\(octets)", octets: max(octets, LoadContent.headSize), weight: 1,
                mediaType: "application/octet-stream")
        ])
    }

    /// Reads `text:90,picture:8,4096:2`: kinds or sizes in octets, each with its weight; a weight left out is 1.
    ///
    /// Nil where it is not of that form, or a size is not from 64 to 100,000,000.
    public init?(_ text: String) {
        var parts: [Part] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard (1...2).contains(halves.count), let weight = halves.count == 2 ? Double(halves[1]) : 1,
                weight >= 0, weight.isFinite
            else { return nil }
            if let kind = Self.kinds[halves[0]] {
                parts.append(Part(name: halves[0], octets: kind.octets, weight: weight, mediaType: kind.mediaType))
            } else if let octets = Int(halves[0]), (LoadContent.headSize...Self.largest).contains(octets) {
                parts.append(
                    Part(name: halves[0], octets: octets, weight: weight, mediaType: "application/octet-stream"))
            } else {
                return nil
            }
        }
        guard parts.contains(where: { $0.weight > 0 }) else { return nil }
        self.parts = parts
    }

    /// The mix as it is read.
    public var description: String {
        parts.map { part in
            let isWhole = part.weight == part.weight.rounded() && part.weight < 1e9
            return "\(part.name):" + (isWhole ? "\(Int(part.weight))" : "\(part.weight)")
        }.joined(separator: ",")
    }

    /// One of the parts, as often as its weight says.
    func part(_ random: inout SeededRandom) -> Part {
        var rest = random.unit() * parts.reduce(0) { $0 + $1.weight }
        for part in parts {
            rest -= part.weight
            if rest < 0 { return part }
        }
        return parts.last { $0.weight > 0 } ?? parts[0]
    }
}
