import Foundation
import Glibc

/// Networks that may be connected to, as people write them: `10.0.0.0/8,2001:db8::/32,192.0.2.7`.
public struct RPCNetworks: Sendable, Hashable, CustomStringConvertible {
    private struct Network: Sendable, Hashable {
        let octets: [UInt8]
        let prefix: Int
    }

    private let networks: [Network]
    /// The networks as they are read.
    public let description: String

    /// Reads networks that commas part; nil for anything else. An address without a length is a network of its own.
    public init?(_ text: String) {
        var networks: [Network] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let octets = Self.octets(of: String(halves[0])) else { return nil }
            guard halves.count == 2 else {
                networks.append(Network(octets: octets, prefix: octets.count * 8))
                continue
            }
            guard let prefix = Int(halves[1]), (0...octets.count * 8).contains(prefix) else { return nil }
            networks.append(Network(octets: octets, prefix: prefix))
        }
        self.networks = networks
        description = text
    }

    /// An address of a host that lies in one of the networks; nil where none does, or the host has none.
    ///
    /// To be connected to in the host's place: a name that is looked up once more may have another address then.
    public func address(of host: String) async -> String? {
        // The look-up blocks for as long as the system's resolver has patience: on no thread that others need.
        let found = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Self.addresses(of: host)) }
        }
        return found.first { address in Self.octets(of: address).map(contains) ?? false }
    }

    private func contains(_ address: [UInt8]) -> Bool {
        networks.contains { network in
            guard network.octets.count == address.count else { return false }
            let (whole, rest) = network.prefix.quotientAndRemainder(dividingBy: 8)
            guard network.octets[..<whole] == address[..<whole] else { return false }
            return rest == 0 || (network.octets[whole] ^ address[whole]) >> (8 - UInt8(rest)) == 0
        }
    }

    /// 4 or 16 octets; an IPv4 address that is written as an IPv6 one is an IPv4 address.
    private static func octets(of address: String) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, address, &octets) == 1 { return Array(octets[..<4]) }
        guard inet_pton(AF_INET6, address, &octets) == 1 else { return nil }
        let mapped = octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xff && octets[11] == 0xff
        return mapped ? Array(octets[12...]) : octets
    }

    private static func addresses(of host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // The list that getaddrinfo makes is its own memory, freed below.
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0 else { return [] }
        defer { freeaddrinfo(found) }
        return sequence(first: found) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
            guard let info = entry?.pointee else { return nil }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                getnameinfo(
                    info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            else { return nil }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
