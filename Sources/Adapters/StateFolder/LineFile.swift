/// A file of lines, read from its beginning, however large it is.
public struct LineFile: Sendable {
    private let file: FileDescriptor
    private let path: String

    /// Opens the file. Throws `StateFolderError`.
    public init(path: String) throws(StateFolderError) {
        self.path = path
        file = try FileDescriptor(path: path, flags: 0)
    }

    /// Hands out each line in turn, without its end; returns the offset behind the last whole line.
    ///
    /// - Parameter limit: the octets of the longest line. Throws `StateFolderError` for a longer one, and what `body` throws.
    public func forEachLine(limit: Int, _ body: ([UInt8]) throws -> Void) throws -> Int {
        var line: [UInt8] = []
        var offset = 0
        var end = 0
        while true {
            let piece = try file.read(at: offset)
            if piece.isEmpty { return end }
            var start = piece.startIndex
            while true {
                let stop = piece[start...].firstIndex(of: UInt8(ascii: "\n"))
                line += piece[start..<(stop ?? piece.endIndex)]
                if line.count > limit { throw StateFolderError.oversized(path: path, limit: limit) }
                guard let stop else { break }
                try body(line)
                line = []
                start = stop + 1
                end = offset + start - piece.startIndex
            }
            offset += piece.count
        }
    }
}
