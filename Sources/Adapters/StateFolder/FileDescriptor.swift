import Foundation

/// An open file, closed when the last owner lets go.
package final class FileDescriptor: Sendable {
    package let number: Int32
    private let path: String

    /// Opens a file, made with mode 0600 where the flags ask for it. Children of the process do not inherit it.
    package init(path: String, flags: Int32) throws(StateFolderError) {
        self.path = path
        number = open(path, flags | O_CLOEXEC, 0o600)
        if number < 0 { throw .failed(call: "open", path: path, code: errno) }
    }

    deinit { if number >= 0 { close(number) } }

    /// All octets from the beginning.
    package func readAll(limit: Int) throws(StateFolderError) -> [UInt8] {
        var octets: [UInt8] = []
        while true {
            let piece = try read(at: octets.count)
            if piece.isEmpty { return octets }
            octets += piece
            if octets.count > limit { throw .oversized(path: path, limit: limit) }
        }
    }

    /// Up to 64 KiB from an offset on; none at the end.
    func read(at offset: Int) throws(StateFolderError) -> ArraySlice<UInt8> {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = pread(number, &piece, piece.count, off_t(offset))
            if count >= 0 { return piece[..<count] }
            if errno != EINTR { throw .failed(call: "read", path: path, code: errno) }
        }
    }

    /// Writes all octets where the file stands.
    package func write(_ octets: [UInt8]) throws(StateFolderError) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(number, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .failed(call: "write", path: path, code: errno)
            }
            rest = rest.dropFirst(count)
        }
    }

    func truncate(to length: Int) throws(StateFolderError) {
        if ftruncate(number, off_t(length)) != 0 { throw .failed(call: "truncate", path: path, code: errno) }
    }

    /// Returns when the disk has it.
    package func synchronize() throws(StateFolderError) {
        if fsync(number) != 0 { throw .failed(call: "fsync", path: path, code: errno) }
    }
}
