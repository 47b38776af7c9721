import Foundation

/// Where the services are, and whom TLS trusts there.
public struct Endpoints: Sendable, Hashable {
    /// `HOST:PORT` of the KMS.
    public var kms: String
    /// `HOST:PORT` of one front or more.
    public var fronts: [String]
    /// Certificates in PEM that TLS trusts as roots.
    public var roots: String

    /// Endpoints from their parts.
    public init(kms: String, fronts: [String], roots: String) {
        self.kms = kms
        self.fronts = fronts
        self.roots = roots
    }
}

/// The file in which `poste dev` and `poste demo` say where their services are: `HOME/dev/endpoints.json`.
public struct EndpointsFile: Codable, Sendable, Hashable {
    /// `HOST:PORT` of the KMS.
    public var kms: String
    /// `HOST:PORT` of each front.
    public var fronts: [String]
    /// The path of the roots in PEM.
    public var roots: String
    /// The path of the file with the enrolment token.
    public var enrolmentToken: String?

    private enum CodingKeys: String, CodingKey {
        case kms, fronts, roots
        case enrolmentToken = "enrolment_token"
    }

    /// What the file says, from its parts.
    public init(kms: String, fronts: [String], roots: String, enrolmentToken: String? = nil) {
        self.kms = kms
        self.fronts = fronts
        self.roots = roots
        self.enrolmentToken = enrolmentToken
    }

    /// Reads the file; nil where there is none. Throws `MailboxClientError`.
    public static func read(_ path: String) throws -> EndpointsFile? {
        guard let octets = try DurableFile.read(path) else { return nil }
        do {
            return try JSONDecoder().decode(EndpointsFile.self, from: Data(octets))
        } catch {
            throw MailboxClientError.damaged(
                path: path, reason: "not a JSON object with kms, fronts and roots; start 'poste dev' again")
        }
    }
}

/// How a profile finds its endpoints: as written down when it was made, or in a file that is read anew for each
/// attempt, so that a server which comes back at other ports is found.
public enum EndpointSource: Sendable, Hashable {
    /// Always these.
    case fixed(Endpoints)
    /// Those of an `EndpointsFile` at this path.
    case file(String)

    /// The endpoints now. Throws `MailboxClientError`.
    public func current() throws -> Endpoints {
        switch self {
        case .fixed(let endpoints): return endpoints
        case .file(let path):
            guard let file = try EndpointsFile.read(path) else {
                throw MailboxClientError.unavailable(
                    service: "mailbox",
                    reason: "there is no \(path); start 'poste dev', or enrol with --kms and --front")
            }
            guard let roots = try DurableFile.read(file.roots) else {
                throw MailboxClientError.unavailable(
                    service: "mailbox",
                    reason: "there is no \(file.roots), which \(path) names; start 'poste dev' again")
            }
            return Endpoints(kms: file.kms, fronts: file.fronts, roots: String(decoding: roots, as: UTF8.self))
        }
    }
}

extension EndpointSource: Codable {
    private enum CodingKeys: String, CodingKey { case file, kms, fronts, roots }

    /// Reads the `endpoints` of `account.json`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let path = try container.decodeIfPresent(String.self, forKey: .file) {
            self = .file(path)
        } else {
            self = .fixed(
                Endpoints(
                    kms: try container.decode(String.self, forKey: .kms),
                    fronts: try container.decode([String].self, forKey: .fronts),
                    roots: try container.decode(String.self, forKey: .roots)))
        }
    }

    /// Writes the `endpoints` of `account.json`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .file(let path): try container.encode(path, forKey: .file)
        case .fixed(let endpoints):
            try container.encode(endpoints.kms, forKey: .kms)
            try container.encode(endpoints.fronts, forKey: .fronts)
            try container.encode(endpoints.roots, forKey: .roots)
        }
    }
}
