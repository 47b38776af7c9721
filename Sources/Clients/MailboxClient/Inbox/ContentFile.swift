import Foundation
import Primitives

/// A content on its way into an inbox: a temporary file that nobody takes for a deposit. Removed unless it was stored.
package final class ContentFile {
    package let path: String
    private let file: OpenFile
    private var hash = RunningHash(.sha256)
    package private(set) var count: UInt64 = 0
    private var isStored = false

    /// Throws `FileFailure`.
    init(path: String) throws(FileFailure) {
        self.path = path
        file = try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC)
    }

    deinit { if !isStored { unlink(path) } }

    /// SHA-256 of what was written so far.
    package var digest: [UInt8] { hash.finish() }

    /// Writes the next octets. Throws `FileFailure`.
    package func append(_ plaintext: SecretBytes) throws(FileFailure) {
        try file.write(plaintext)
        plaintext.withUnsafeBytes { hash.update($0) }
        count += UInt64(plaintext.count)
    }

    /// Makes it durable and gives it its name. Throws `FileFailure`.
    func store(as path: String) throws(FileFailure) {
        try file.synchronize()
        try DurableFile.move(self.path, to: path)
        isStored = true
    }
}
