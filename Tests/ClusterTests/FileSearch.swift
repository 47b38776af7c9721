import Foundation

/// Looks for secrets in files: for every run of eight octets of theirs, so that neither blocks nor compression that
/// leaves a few octets together hide one.
struct FileSearch {
    private static let size = 8

    private var runs: Set<UInt64> = []
    /// By the first two octets of a run, so that most of a file costs little.
    private var beginnings = [Bool](repeating: false, count: 1 << 16)

    init(_ secrets: [[UInt8]]) {
        for secret in secrets where secret.count >= Self.size {
            for start in 0...(secret.count - Self.size) {
                let run = secret[start..<start + Self.size].reduce(0) { $0 << 8 | UInt64($1) }
                runs.insert(run)
                beginnings[Int(run >> 48)] = true
            }
        }
    }

    /// The files below a folder that hold one.
    func files(below folder: URL) throws -> [String] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        var holders: [String] = []
        while let file = found?.nextObject() as? URL {
            guard (try? file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true else { continue }
            // One that is gone meanwhile holds nothing.
            guard let descriptor = try? FileHandle(forReadingFrom: file) else { continue }
            defer { try? descriptor.close() }
            if try holds(descriptor) { holders.append(file.path) }
        }
        return holders
    }

    /// Reads what a file has; the holes of one that was made larger than it is are left out.
    private func holds(_ file: FileHandle) throws -> Bool {
        let dataMark: Int32 = 3  // SEEK_DATA of Linux, which Glibc's module lacks
        var rest: [UInt8] = []
        var offset: off_t = 0
        while true {
            let next = lseek(file.fileDescriptor, offset, dataMark)
            guard next >= 0 else { return false }
            if next != offset { rest = [] }
            lseek(file.fileDescriptor, next, SEEK_SET)
            guard let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty else { return false }
            let octets = rest + [UInt8](piece)
            if finds(in: octets) { return true }
            rest = Array(octets.suffix(Self.size - 1))
            offset = next + off_t(piece.count)
        }
    }

    /// Whether one is in these octets.
    func finds(in octets: [UInt8]) -> Bool {
        octets.withUnsafeBufferPointer { octets in
            guard octets.count >= Self.size else { return false }
            for start in 0...(octets.count - Self.size) {
                guard beginnings[Int(octets[start]) << 8 | Int(octets[start + 1])] else { continue }
                if runs.contains((0..<Self.size).reduce(0) { $0 << 8 | UInt64(octets[start + $1]) }) { return true }
            }
            return false
        }
    }
}
