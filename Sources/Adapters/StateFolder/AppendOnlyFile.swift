import Foundation
import Synchronization

/// A file that only grows, each addition whole and on the disk before it counts.
public final class AppendOnlyFile: Sendable {
    private let file: FileDescriptor
    private let state: Mutex<State>

    private struct State {
        var length: Int
        /// A part of an addition that failed lies behind `length`, where the next would go.
        var isTorn = false
    }

    /// Opens the file of the folder, or makes an empty one. Throws `StateFolderError`.
    public init(_ name: String, in folder: StateFolder) throws(StateFolderError) {
        file = try FileDescriptor(path: folder.path(of: name), flags: O_RDWR | O_CREAT | O_APPEND)
        let end = lseek(file.number, 0, SEEK_END)
        if end < 0 { throw .failed(call: "seek", path: folder.path(of: name), code: errno) }
        state = Mutex(State(length: Int(end)))
        try folder.synchronize()
    }

    /// The octets in the file.
    public var octetCount: Int { state.withLock { $0.length } }

    /// Adds octets; they are on the disk when this returns. Where it throws they do not count.
    ///
    /// Throws `StateFolderError`.
    public func append(_ octets: [UInt8]) throws(StateFolderError) {
        try state.withLock { (state: inout State) throws(StateFolderError) in
            if state.isTorn { try file.truncate(to: state.length) }
            state.isTorn = true
            do throws(StateFolderError) {
                try file.write(octets)
                try file.synchronize()
            } catch {
                // The disk may be so full, or so broken, that this fails, too; then the next addition does it first.
                if (try? file.truncate(to: state.length)) != nil { state.isTorn = false }
                throw error
            }
            state.isTorn = false
            state.length += octets.count
        }
    }

    /// Cuts the file: for an addition that a crash left unfinished. Throws `StateFolderError`.
    public func truncate(to octetCount: Int) throws(StateFolderError) {
        try state.withLock { (state: inout State) throws(StateFolderError) in
            try file.truncate(to: octetCount)
            try file.synchronize()
            state = State(length: octetCount)
        }
    }
}
