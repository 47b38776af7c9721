/// Who somebody is to the cluster: the URI in an ID or IDR payload (docs/protocol.md choices 11 and 13).
///
/// 1 to 512 octets of 21 … 7e hex, compared octet for octet; nothing is decoded or folded.
public struct Identity: Sendable, Hashable {
    /// The URI's octets: the ID data of MIKEY.
    public let octets: [UInt8]

    /// Takes ID data. Throws `InvalidIdentity` for a wrong length or an octet outside 21 … 7e hex.
    public init(octets: some Collection<UInt8>) throws(InvalidIdentity) {
        guard (1...512).contains(octets.count) else { throw .length(octets.count) }
        self.octets = Array(octets)
        // Of the array: one loop for all collections, and a fold reads many identities.
        if let bad = self.octets.first(where: { !(0x21...0x7e).contains($0) }) { throw .octet(bad) }
    }

    /// Takes a URI. Throws as `init(octets:)` does.
    public init(_ uri: String) throws(InvalidIdentity) { try self.init(octets: Array(uri.utf8)) }

    /// DOMAIN of `sip:` or `sips:` USER `@` DOMAIN [`:` `;` `?` …]; nil where the URI has not that form.
    ///
    /// There is one `@`, USER is not empty, and DOMAIN is of letters, digits, `-` and `.`, copied octet for octet.
    public var domain: String? {
        let schemes = ["sip:", "sips:"]
        guard let scheme = schemes.first(where: { octets.starts(with: $0.utf8) }) else { return nil }
        let parts = octets.dropFirst(scheme.utf8.count)
            .split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        let ends = Array(":;?".utf8)
        let host = parts[1].prefix { !ends.contains($0) }
        guard !host.isEmpty, host.allSatisfy(Self.isDomainOctet) else { return nil }
        return String(decoding: host, as: UTF8.self)
    }

    /// The mailbox service that answers for the identity, `sip:mailbox@DOMAIN`; nil where there is none.
    public var mailbox: Identity? {
        guard let domain else { return nil }
        return try? Identity("sip:mailbox@\(domain)")
    }

    private static func isDomainOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension Identity: CustomStringConvertible {
    /// The URI. All its octets are printable ASCII.
    public var description: String { String(decoding: octets, as: UTF8.self) }
}

/// Octets that are no identity.
public enum InvalidIdentity: Error, Equatable, CustomStringConvertible {
    /// So many octets.
    case length(Int)
    /// An octet outside 21 … 7e hex.
    case octet(UInt8)

    /// The fault, and what an identity is.
    public var description: String {
        switch self {
        case .length(let count): "an identity has 1 to 512 octets, this one \(count)"
        case .octet(let octet):
            "an identity is a URI of printable ASCII such as sip:bob@example.com, without the octet "
                + String(octet, radix: 16)
        }
    }
}
