import Foundation

/// Looks for what nobody but sender and recipient may have, in files as a thief of the disks would.
package struct PlaintextHunt: Sendable {
    let needles: [Data]

    /// Looks for any of these octet strings.
    package init(_ needles: [[UInt8]]) { self.needles = needles.map { Data($0) } }

    /// What a hunt found, and how much it looked at.
    package struct Finding: Sendable, Equatable {
        /// Files with a needle in them.
        package var files: [String] = []
        /// How many files it read.
        package var filesRead = 0
        /// How many octets.
        package var octetsRead = 0
    }

    /// Reads all files below a folder, but those below folders that are left out.
    package func files(below folder: String, leavingOut left: Set<String> = []) -> Finding {
        var finding = Finding()
        let keys: [URLResourceKey] = [.isRegularFileKey, .isDirectoryKey]
        let found = FileManager.default.enumerator(at: URL(fileURLWithPath: folder), includingPropertiesForKeys: keys)
        while let file = found?.nextObject() as? URL {
            if left.contains(file.path) {
                found?.skipDescendants()
                continue
            }
            guard let values = try? file.resourceValues(forKeys: Set(keys)), values.isRegularFile == true,
                let octets = search(file.path, &finding)
            else { continue }
            finding.filesRead += 1
            finding.octetsRead += octets
        }
        return finding
    }

    /// Reads a file in pieces that overlap by the longest needle. Read, not mapped: a file that is cut off meanwhile kills who touches its pages.
    private func search(_ path: String, _ finding: inout Finding) -> Int? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        let overlap = (needles.map(\.count).max() ?? 1) - 1
        var tail = Data()
        var octets = 0
        var isFound = false
        while let piece = try? file.read(upToCount: 4 << 20), !piece.isEmpty {
            octets += piece.count
            let window = tail + piece
            if !isFound, needles.contains(where: { window.range(of: $0) != nil }) {
                isFound = true
                finding.files.append(path)
            }
            tail = Data(window.suffix(overlap))
        }
        return octets
    }
}
