import Primitives
import StateFolder

/// What a walk along the lines of an audit log finds: each must hold the hash of the line before.
public struct AuditChain: Sendable, Equatable {
    /// The number of the last line; 0 where there is none.
    public private(set) var number: Int64 = 0
    /// The SHA-256 of the last line, 32 octets; zeros where there is none.
    public private(set) var hash = AuditLine.noPrevious
    /// The octets of the whole lines.
    private(set) var octetCount = 0
    private var isEmpty = true

    /// Walks along the file `audit.jsonl` of a state folder; neither passphrase nor lock is needed.
    ///
    /// That the end was not cut only the KMS can tell when it starts, or who noted number and hash earlier.
    /// Throws `KeyManagementError.auditLog` for a broken link, and `StateFolderError`.
    public init(folder: String) throws {
        do {
            try self.init(path: folder + "/" + AuditLog.fileName)
        } catch let fault as AuditLogFault {
            throw KeyManagementError.auditLog(fault)
        }
    }

    /// Throws `AuditLogFault` and `StateFolderError`.
    init(path: String) throws {
        octetCount = try LineFile(path: path).forEachLine(limit: AuditLine.longest) { octets in
            let line = AuditLine(octets: octets)
            guard line.follows(hash, number: number + 1) || (isEmpty && line.beginsAnew) else {
                throw AuditLogFault.broken(line: number + 1)
            }
            number = isEmpty ? line.number ?? 1 : number + 1
            hash = line.hash
            isEmpty = false
        }
    }
}
