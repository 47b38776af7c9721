import IdentityBasedEncryption
import Mailbox
import Primitives

/// What the view's keys hold, written and read. Integers are big-endian; moments are ms since 1970, and those before
/// are written as 1970.
enum ViewCoding {
    private struct Damaged: Error {}

    /// Octets that this store did not write.
    static let damaged = StoreError(
        .corrupt, "the view in Redis is damaged: somebody else writes its keys; stop that, and rebuild the view")

    private static func reading<Value>(
        _ octets: [UInt8], _ body: (inout ByteReader) throws -> Value
    ) throws(StoreError) -> Value {
        var reader = ByteReader(octets)
        guard let value = try? body(&reader), reader.isAtEnd else { throw damaged }
        return value
    }

    private static func wire(_ time: UTCTime) -> UInt64 { UInt64(max(time.milliseconds, 0)) }

    private static func time(_ reader: inout ByteReader) throws -> UTCTime {
        guard let milliseconds = Int64(exactly: try reader.uint64()) else { throw Damaged() }
        return UTCTime(milliseconds: milliseconds)
    }

    private static func rest(_ reader: inout ByteReader) throws -> [UInt8] {
        Array(try reader.octets(reader.remaining))
    }

    // MARK: Deposits: offset(8) expires(8) octets(8) digest, length(1) and octets, then whom to tell, or nothing

    static func encode(_ known: KnownDeposit) -> [UInt8] {
        var octets: [UInt8] = []
        octets.append(bigEndian: known.offset)
        octets.append(bigEndian: wire(known.expiresAt))
        octets.append(bigEndian: known.octets)
        let digest = known.headerDigest.prefix(255)
        octets.append(UInt8(digest.count))
        octets += digest
        octets += known.receiptTo?.octets ?? []
        return octets
    }

    static func known(_ octets: [UInt8], key: DepositKey) throws(StoreError) -> KnownDeposit {
        try reading(octets) { reader in
            let offset = try reader.uint64()
            let expiresAt = try time(&reader)
            let size = try reader.uint64()
            let digest = Array(try reader.octets(Int(try reader.uint8())))
            let receiptTo = try rest(&reader)
            return KnownDeposit(
                key: key, offset: offset, headerDigest: digest, expiresAt: expiresAt, octets: size,
                receiptTo: receiptTo.isEmpty ? nil : try Identity(octets: receiptTo))
        }
    }

    static func key(_ octets: [UInt8]) throws(StoreError) -> DepositKey {
        guard let key = try? DepositKey(octets: octets) else { throw damaged }
        return key
    }

    static func pending(offset: [UInt8], envelope: [UInt8]) throws(StoreError) -> PendingDeposit {
        guard let envelope = try? Envelope(octets: envelope) else { throw damaged }
        return PendingDeposit(offset: try reading(offset) { try $0.uint64() }, envelope: envelope)
    }

    static func identity(_ octets: [UInt8]) throws(StoreError) -> Identity {
        guard let identity = try? Identity(octets: octets) else { throw damaged }
        return identity
    }

    // MARK: Usage: count(8) octets(8); nothing for zero

    static func encode(_ usage: MailboxUsage) -> [UInt8] {
        var octets: [UInt8] = []
        guard usage.count > 0 else { return octets }
        octets.append(bigEndian: usage.count)
        octets.append(bigEndian: usage.octets)
        return octets
    }

    static func usage(_ octets: [UInt8]) throws(StoreError) -> MailboxUsage {
        try reading(octets) { MailboxUsage(count: try $0.uint64(), octets: try $0.uint64()) }
    }

    // MARK: Routes: of each the length(2) of expires(8) opened(8) stream, length(1) and octets, then the front

    static func encode(_ route: Route) -> [UInt8] {
        var entry: [UInt8] = []
        entry.append(bigEndian: wire(route.expiresAt))
        entry.append(bigEndian: wire(route.openedAt))
        entry.append(UInt8(route.stream.octets.count))
        entry += route.stream.octets
        entry += Array(route.front.utf8).prefix(60_000)
        var octets: [UInt8] = []
        octets.append(bigEndian: UInt16(entry.count))
        return octets + entry
    }

    static func routes(_ octets: [UInt8]) throws(StoreError) -> [Route] {
        try reading(octets) { reader in
            var routes: [Route] = []
            while !reader.isAtEnd {
                var entry = ByteReader(try reader.octets(Int(try reader.uint16())))
                let expiresAt = try time(&entry)
                let openedAt = try time(&entry)
                let stream = try StreamID(octets: Array(try entry.octets(Int(try entry.uint8()))))
                let front = String(decoding: try rest(&entry), as: UTF8.self)
                routes.append(Route(front: front, stream: stream, openedAt: openedAt, expiresAt: expiresAt))
            }
            return routes
        }
    }

    // MARK: Presence: open, 1, and with a contact, 2 (1) expires(8) since(8) contact

    static func encode(_ presence: Presence) -> [UInt8] {
        var octets: [UInt8] = [(presence.isOpen ? 1 : 0) + (presence.contact == nil ? 0 : 2)]
        octets.append(bigEndian: wire(presence.expiresAt))
        octets.append(bigEndian: wire(presence.timestamp))
        octets += Array((presence.contact ?? "").utf8)
        return octets
    }

    static func presence(_ octets: [UInt8]) throws(StoreError) -> Presence {
        try reading(octets) { reader in
            let flags = try reader.uint8()
            guard flags < 4 else { throw Damaged() }
            let expiresAt = try time(&reader)
            let timestamp = try time(&reader)
            let contact = String(decoding: try rest(&reader), as: UTF8.self)
            return Presence(
                isOpen: flags & 1 == 1, contact: flags & 2 == 2 ? contact : nil, timestamp: timestamp,
                expiresAt: expiresAt)
        }
    }

    // MARK: Changes, as the script reads them

    static func encode(_ change: ViewChange) -> [[UInt8]] {
        switch change {
        case .insert(let deposit):
            let known = deposit.known
            return [letter("I"), known.key.octets, encode(known), deposit.envelope.octets]
        case .remove(let known): return [letter("D"), known.key.octets]
        case .usage(let mailbox, let usage): return [letter("U"), mailbox.octets, encode(usage)]
        case .route(let mailbox, let route):
            return [letter("R"), mailbox.octets, route.stream.octets, encode(route)]
        case .removeRoute(let mailbox, let stream): return [letter("X"), mailbox.octets, stream.octets]
        case .presence(let mailbox, let presence): return [letter("P"), mailbox.octets, encode(presence)]
        }
    }

    private static func letter(_ letter: Unicode.Scalar) -> [UInt8] { [UInt8(ascii: letter)] }

    /// A number as the scripts read it.
    static func decimal(_ number: some BinaryInteger) -> [UInt8] { Array(String(number).utf8) }
}
