import Foundation

/// Looks into the files of a folder, as a thief of the disks would.
enum PlaintextSearch {
    /// Whether any file below `folder` contains any of the octet strings; the files that do.
    static func files(below folder: URL, containing needles: [[UInt8]]) throws -> [URL] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        var hits: [URL] = []
        while let file = found?.nextObject() as? URL {
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            let content = try Data(contentsOf: file, options: .alwaysMapped)
            if needles.contains(where: { content.range(of: Data($0)) != nil }) { hits.append(file) }
        }
        return hits
    }

    /// Pieces of a content that would give it away: 64 octets from places all over it.
    static func probes(of content: [UInt8], count: Int = 8) -> [[UInt8]] {
        let length = min(64, content.count)
        guard content.count > length else { return [content] }
        return (0..<count).map { index in
            let start = index * (content.count - length) / max(1, count - 1)
            return Array(content[start..<start + length])
        }
    }
}
