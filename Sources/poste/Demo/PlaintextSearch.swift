import Foundation

/// Looks into the files of a folder, as a thief of the disks would.
enum PlaintextSearch {
    /// The files below `folder`, but not below `exception`, that contain any of the octet strings.
    static func files(below folder: URL, except exception: URL, containing needles: [[UInt8]]) throws -> [URL] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        var hits: [URL] = []
        while let file = found?.nextObject() as? URL {
            if file.standardizedFileURL.path == exception.standardizedFileURL.path {
                found?.skipDescendants()
                continue
            }
            // Read, not mapped: the cluster goes on writing, and a mapped page that a checkpoint cuts off kills who reads it.
            guard let content = try content(of: file) else { continue }
            if needles.contains(where: { content.range(of: Data($0)) != nil }) { hits.append(file) }
        }
        return hits
    }

    /// What a regular file holds; nil for anything else, and for a file that the cluster has removed meanwhile.
    private static func content(of file: URL) throws -> Data? {
        do {
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { return nil }
            return try Data(contentsOf: file)
        } catch CocoaError.fileReadNoSuchFile {
            return nil
        }
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
