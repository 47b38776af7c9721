import Glibc
import Primitives

/// What tells one version of a file from another.
struct FileStamp: Equatable {
    private let numbers: [Int]

    /// All zero for a file that is not there.
    init(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else {
            numbers = []
            return
        }
        numbers = [
            Int(info.st_size), Int(info.st_ino), Int(info.st_mtim.tv_sec), Int(info.st_mtim.tv_nsec),
        ]
    }
}

/// The octets of a small file, in memory that is wiped.
func readFile(_ path: String) throws(RPCCertificateError) -> SecretBytes {
    let limit = 1 << 20
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    defer { close(file) }
    var parts: [SecretBytes] = []
    var total = 0
    while true {
        var count = 0
        let part = SecretBytes(count: 16_384) { count = read(file, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        guard count > 0 else { return SecretBytes.concatenating(parts) }
        total += count
        guard total <= limit else { throw .unreadable(path: path, reason: "it is larger than 1 MiB") }
        parts.append(part[0..<count])
    }
}
