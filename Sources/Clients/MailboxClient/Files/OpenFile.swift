import Foundation
import Primitives

/// An open file: read and written at places, made durable, closed when the last owner lets go.
public final class OpenFile: Sendable {
    /// Where it was opened. It may have been renamed since.
    public let path: String
    private let descriptor: Int32

    /// Opens a file with the flags of open(2); a new one may be read by its owner alone.
    ///
    /// Throws `FileFailure`.
    public init(_ path: String, _ flags: Int32) throws(FileFailure) {
        let descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure("open", path) }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The octets in it now. Throws `FileFailure`.
    public var length: UInt64 {
        get throws(FileFailure) { UInt64(try status().st_size) }
    }

    /// Whether it is a plain file, which can be read again. Throws `FileFailure`.
    public var isRegular: Bool {
        get throws(FileFailure) { try status().st_mode & S_IFMT == S_IFREG }
    }

    /// At most `count` octets from a place on; fewer where the file ends. Throws `FileFailure`.
    public func read(at offset: UInt64, count: Int) throws(FileFailure) -> [UInt8] {
        try fill(count) { pread(descriptor, $0, $1, off_t(offset) + off_t($2)) }
    }

    /// At most `count` octets of what comes next; fewer where there are no more. Throws `FileFailure`.
    public func readNext(_ count: Int) throws(FileFailure) -> [UInt8] {
        try fill(count) { buffer, count, _ in Foundation.read(descriptor, buffer, count) }
    }

    /// Writes the octets behind those written before, or at the end where it was opened so. Throws `FileFailure`.
    public func write(_ octets: some SealableOctets) throws(FileFailure) {
        try octets.withOctets { buffer throws(FileFailure) in
            var written = 0
            while written < buffer.count {
                let count = Foundation.write(
                    descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                if count < 0 {
                    guard errno == EINTR else { throw FileFailure("write", path) }
                } else {
                    written += count
                }
            }
        }
    }

    /// Returns when all of it is on the disk. Throws `FileFailure`.
    public func synchronize() throws(FileFailure) {
        guard fsync(descriptor) == 0 else { throw FileFailure("write", path) }
    }

    /// Waits for the lock of the file, which ends with the process or with `self`. Throws `FileFailure`.
    func lock() throws(FileFailure) {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileFailure("lock", path) }
        }
    }

    private func status() throws(FileFailure) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure("read", path) }
        return status
    }

    private func fill(
        _ count: Int, _ read: (UnsafeMutablePointer<UInt8>, Int, Int) -> Int
    ) throws(FileFailure) -> [UInt8] {
        var failure: FileFailure?
        let octets = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            guard let base = buffer.baseAddress else { return }
            while filled < count {
                let got = read(base + filled, count - filled, filled)
                if got == 0 { break }
                if got > 0 {
                    filled += got
                } else if errno != EINTR {
                    failure = FileFailure("read", path)
                    break
                }
            }
        }
        if let failure { throw failure }
        return octets
    }
}
