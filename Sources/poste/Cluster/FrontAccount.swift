import Foundation
import IdentityBasedEncryption
import KeyManagementClient
import MailboxAPI
import Primitives
import RPC

/// What a domain's fronts prove themselves to the KMS with: enrolled once, then kept in the cluster's folder.
struct FrontAccount: Codable, Sendable {
    /// The URI of the KMS.
    var kms: String
    /// IDRpsk data, hexadecimal.
    var preSharedKeyName: String
    /// Hexadecimal.
    var preSharedKey: String

    private enum CodingKeys: String, CodingKey {
        case kms
        case preSharedKeyName = "psk_name"
        case preSharedKey = "psk"
    }

    /// Reads an account file.
    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.machine, "cannot read the account file \(path)")
        }
        do {
            self = try JSONDecoder().decode(FrontAccount.self, from: data)
        } catch {
            throw CommandFailure(.data, "\(path) is no account file: enrol the domain again")
        }
    }

    /// The account of a domain in a cluster's folder; enrols it with the KMS where there is none yet.
    ///
    /// - Parameter reclaim: gives up an account at the KMS whose answer nobody kept, as when the process was killed between the two.
    init(
        domain: String, in folder: ClusterFolder, channel: RPCChannel, reclaim: (@Sendable () async throws -> Void)?
    ) async throws {
        let name = "\(domain).account"
        if folder.read(name) == nil {
            // Two fronts that start at once: the KMS refuses the slower one, which then finds the file of the faster.
            var made = await Result.catching { try await Self.enroll(domain, folder, channel) }
            if let reclaim, case .failure(let error) = made, (error as? RPCStatus)?.code == .alreadyExists {
                try await reclaim()
                made = await Result.catching { try await Self.enroll(domain, folder, channel) }
            }
            switch made {
            case .success(let account): try folder.write(name, Array(try JSONEncoder().encode(account)))
            case .failure(let error):
                for _ in 0..<50 where folder.read(name) == nil { try await Task.sleep(for: .milliseconds(100)) }
                if folder.read(name) == nil { throw Self.explained(error, domain) }
            }
        }
        try self.init(path: folder.path(name))
    }

    private init(kms: String, preSharedKeyName: String, preSharedKey: String) {
        self.kms = kms
        self.preSharedKeyName = preSharedKeyName
        self.preSharedKey = preSharedKey
    }

    private static func explained(_ error: any Error, _ domain: String) -> any Error {
        guard (error as? RPCStatus)?.code == .alreadyExists else { return error }
        return CommandFailure(
            .data,
            "the KMS has an account for the fronts of \(domain), and its file \(domain).account is not here: bring the file, or "
                + "stop the KMS and run 'poste kms --remove sip:mailbox@\(domain)'")
    }

    private static func enroll(
        _ domain: String, _ folder: ClusterFolder, _ channel: RPCChannel
    ) async throws -> FrontAccount {
        guard let token = FileManager.default.contents(atPath: folder.enrolmentTokenPath) else {
            throw CommandFailure(
                .unavailable,
                "no enrolment token at \(folder.enrolmentTokenPath): start 'poste kms' first, or give --account")
        }
        return try await enroll(
            domain, token: String(decoding: token, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines), channel)
    }

    /// Makes the account of a domain at the KMS. Throws `RPCStatus`.
    static func enroll(_ domain: String, token: String, _ channel: RPCChannel) async throws -> FrontAccount {
        var request = EnrollRequest()
        request.mailboxDomain = domain
        let answer = try await channel.call(
            Methods.enroll, request, deadline: .seconds(30), metadata: ["authorization": "Bearer \(token)"],
            waitsForReady: true)
        return FrontAccount(
            kms: String(decoding: answer.kms, as: UTF8.self), preSharedKeyName: hexadecimal(answer.pskName),
            preSharedKey: hexadecimal(answer.psk.exposedCopy()))
    }

    /// For the client of the KMS.
    func credentials() throws -> KeyManagementClient.Credentials {
        guard let name = octets(hexadecimal: preSharedKeyName), let key = octets(hexadecimal: preSharedKey) else {
            throw CommandFailure(.data, "an account file holds hexadecimal digits: enrol the domain again")
        }
        return KeyManagementClient.Credentials(
            kms: try Identity(kms), preSharedKeyName: name, preSharedKey: SecretBytes(key))
    }
}

extension Result where Failure == any Error {
    /// What the body returns or throws.
    fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
