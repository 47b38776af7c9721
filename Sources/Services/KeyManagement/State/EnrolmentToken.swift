import Primitives
import StateFolder

/// What somebody must show who wants accounts made. It lies in plain in the state folder; who deletes the file gets another at
/// the next start.
struct EnrolmentToken: Sendable {
    static let fileName = "enrolment.token"
    private static let shortest = 16
    private static let longest = 1024

    private let digest: [UInt8]

    /// Reads the file of the folder, or makes one of 64 random hexadecimal digits.
    ///
    /// Throws `KeyManagementError.shortToken`, `StateFolderError`, and what `random` throws.
    init(in folder: StateFolder, random: some RandomSource) throws {
        if let octets = try folder.read(Self.fileName, limit: Self.longest) {
            digest = try Self.digest(of: octets)
        } else {
            let text = Array(hexadecimal(try random.octets(32)).utf8)
            try folder.write(Self.fileName, text + [UInt8(ascii: "\n")])
            digest = HashFunction.sha256.hash(text)
        }
    }

    /// The one that the operator gives. Throws `KeyManagementError.shortToken`.
    init(_ given: SecretBytes) throws(KeyManagementError) { digest = try Self.digest(of: given.exposedCopy()) }

    private static func digest(of octets: [UInt8]) throws(KeyManagementError) -> [UInt8] {
        let text = octets.filter { (0x21...0x7e).contains($0) }
        guard text.count >= Self.shortest else { throw .shortToken(file: Self.fileName, shortest: Self.shortest) }
        return HashFunction.sha256.hash(text)
    }

    /// Whether somebody shows the token, found in constant time.
    func matches(_ shown: String) -> Bool { constantTimeEqual(HashFunction.sha256.hash(Array(shown.utf8)), digest) }
}
