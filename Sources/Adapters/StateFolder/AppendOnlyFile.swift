import Foundation
import Synchronization

/// A file that only grows, each addition whole and on the disk before it counts.
public final class AppendOnlyFile: Sendable {
    private let file: FileDescriptor
    private let length: Mutex<Int>

    /// Opens the file of the folder, or makes an empty one. Throws `StateFolderError`.
    public init(_ name: String, in folder: StateFolder) throws(StateFolderError) {
        file = try FileDescriptor(path: folder.path(of: name), flags: O_RDWR | O_CREAT | O_APPEND)
        let end = lseek(file.number, 0, SEEK_END)
        if end < 0 { throw .failed(call: "seek", path: folder.path(of: name), code: errno) }
        length = Mutex(Int(end))
        try folder.synchronize()
    }

    /// The octets in the file.
    public var octetCount: Int { length.withLock { $0 } }

    /// All octets. Throws `StateFolderError`, also where there are more than `limit`.
    public func read(limit: Int) throws(StateFolderError) -> [UInt8] { try file.readAll(limit: limit) }

    /// Adds octets; they are on the disk when this returns. Where it throws the file is as it was.
    ///
    /// Throws `StateFolderError`.
    public func append(_ octets: [UInt8]) throws(StateFolderError) {
        try length.withLock { (length: inout Int) throws(StateFolderError) in
            do throws(StateFolderError) {
                try file.write(octets)
                try file.synchronize()
            } catch {
                // A part that stayed would be taken for the beginning of the next addition.
                try file.truncate(to: length)
                throw error
            }
            length += octets.count
        }
    }

    /// Cuts the file: for an addition that a crash left unfinished. Throws `StateFolderError`.
    public func truncate(to octetCount: Int) throws(StateFolderError) {
        try length.withLock { (length: inout Int) throws(StateFolderError) in
            try file.truncate(to: octetCount)
            try file.synchronize()
            length = octetCount
        }
    }
}
