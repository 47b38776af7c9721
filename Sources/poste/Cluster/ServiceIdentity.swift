import Foundation
import Primitives

/// What a role proves itself with over TLS, and whom it trusts there.
enum ServiceIdentity: Sendable {
    /// The cluster's own authority issues a certificate at each start.
    case issued(by: ClusterFolder)
    /// Files that somebody else made: an operator, an authority of the house.
    case files(TLSCredentials, rootsPEM: String)

    /// The names under which Kubernetes and cert-manager hand out certificates, too.
    static let (certificateName, keyName, rootsName) = ("tls.crt", "tls.key", "ca.crt")

    /// Reads the files of a folder. Throws `CommandFailure`.
    init(folder: String) throws {
        self = .files(
            TLSCredentials(
                certificatePEM: String(decoding: try Self.read(folder, Self.certificateName), as: UTF8.self),
                privateKeyPEM: SecretBytes(try Self.read(folder, Self.keyName))),
            rootsPEM: String(decoding: try Self.read(folder, Self.rootsName), as: UTF8.self))
    }

    private static func read(_ folder: String, _ name: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"), !data.isEmpty else {
            throw CommandFailure(
                .machine, "cannot read \(folder)/\(name): --tls takes a folder with tls.crt, tls.key and ca.crt")
        }
        return [UInt8](data)
    }

    /// The authority that others' certificates must lead to, PEM.
    func rootsPEM() throws -> String {
        switch self {
        case .issued(let folder): try folder.authority().certificatePEM
        case .files(_, let roots): roots
        }
    }

    /// A certificate for a role on these hosts; files are as they are.
    func credentials(role: String, hosts: [String]) throws -> TLSCredentials {
        switch self {
        case .issued(let folder): try folder.credentials(role: role, hosts: hosts)
        case .files(let credentials, _): credentials
        }
    }
}

extension Option {
    static let tls = Option(
        "tls", .value("FOLDER"), "tls.crt, tls.key and ca.crt: what this role proves itself with, and whom it trusts",
        default: "issued by the authority of the cluster's folder")
}
