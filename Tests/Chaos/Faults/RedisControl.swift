import CHiredis
import Foundation
import WorkPool

/// What a Redis server says.
enum RedisAnswer: Sendable {
    case octets([UInt8])
    case integer(Int)
    case list([RedisAnswer])
    case none

    var octets: [UInt8]? { if case .octets(let octets) = self { octets } else { nil } }
    var integer: Int? { if case .integer(let integer) = self { integer } else { nil } }
    var list: [RedisAnswer]? { if case .list(let list) = self { list } else { nil } }
    var text: String? { octets.map { String(decoding: $0, as: UTF8.self) } }
}

/// Speaks to one Redis server from outside, without the adapter that is under test.
struct RedisControl: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int

    /// Sends a command over a connection of its own, on a thread that may wait, and gives the answer.
    @discardableResult func send(_ words: String...) async throws -> RedisAnswer {
        try await send([words.map { Array($0.utf8) }]).first ?? .none
    }

    /// All keys, what is left of their lives, and what hashes and sorted sets have in them.
    func scan() async throws -> [ScannedKey] {
        var names: Set<[UInt8]> = []
        var cursor = "0"
        repeat {
            guard let page = try await send("SCAN", cursor, "COUNT", "1000").list, page.count == 2, let next = page[0].text else {
                throw Failure(description: "Redis does not scan")
            }
            cursor = next
            names.formUnion((page[1].list ?? []).compactMap(\.octets))
        } while cursor != "0"
        let sorted = names.sorted { $0.lexicographicallyPrecedes($1) }
        let lives = try await send(sorted.map { [Array("PTTL".utf8), $0] })
        let types = try await send(sorted.map { [Array("TYPE".utf8), $0] })
        var keys: [ScannedKey] = []
        for (index, name) in sorted.enumerated() {
            // -2: it has ended meanwhile; -1: it has no end.
            guard let life = lives[index].integer, life != -2 else { continue }
            let members = try await members(of: name, types[index].text ?? "")
            keys.append(ScannedKey(name: name, lifeMs: life == -1 ? nil : life, members: members))
        }
        return keys
    }

    private func members(of name: [UInt8], _ type: String) async throws -> [[UInt8]: [UInt8]] {
        switch type {
        case "hash":
            let parts = try await send([[Array("HGETALL".utf8), name]]).first?.list?.compactMap(\.octets) ?? []
            let pairs = stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) }
            return Dictionary(pairs) { first, _ in first }
        case "zset":
            let members = try await send([[Array("ZRANGE".utf8), name, [48], Array("-1".utf8)]]).first?.list ?? []
            return Dictionary(members.compactMap(\.octets).map { ($0, []) }) { first, _ in first }
        default: return [:]
        }
    }

    private func send(_ commands: [[[UInt8]]]) async throws -> [RedisAnswer] {
        let port = port
        return try await onThread {
            // Unsafe: hiredis's contexts and replies are C's; both are freed here, and nothing of them leaves but copies.
            let context = redisConnectWithTimeout("127.0.0.1", Int32(port), timeval(tv_sec: 1, tv_usec: 0))
            guard let context else { throw Failure(description: "no memory for a connection to Redis") }
            defer { redisFree(context) }
            guard context.pointee.err == 0 else { throw Failure(description: "Redis on port \(port) does not answer") }
            redisSetTimeout(context, timeval(tv_sec: 5, tv_usec: 0))
            return try commands.map { words in
                let copies = words.map(Self.copy)
                defer { for copy in copies { copy.deallocate() } }
                var pointers = copies.map { UnsafePointer<CChar>?(UnsafePointer($0)) }
                var lengths = words.map(\.count)
                guard let raw = redisCommandArgv(context, Int32(words.count), &pointers, &lengths) else {
                    throw Failure(description: "Redis on port \(port) has hung up")
                }
                defer { freeReplyObject(raw) }
                return try Self.answer(raw.assumingMemoryBound(to: redisReply.self).pointee)
            }
        }
    }

    private static func copy(_ octets: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, octets.count))
        for (index, octet) in octets.enumerated() { copy[index] = CChar(bitPattern: octet) }
        return copy
    }

    private static func answer(_ reply: redisReply) throws -> RedisAnswer {
        func octets() -> [UInt8] { Array(UnsafeRawBufferPointer(start: reply.str, count: reply.len)) }
        switch reply.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .octets(octets())
        case REDIS_REPLY_INTEGER: return .integer(Int(reply.integer))
        case REDIS_REPLY_ARRAY:
            let parts = UnsafeBufferPointer(start: reply.element, count: reply.elements)
            return .list(try parts.map { part in try part.map { try answer($0.pointee) } ?? .none })
        case REDIS_REPLY_ERROR: throw Failure(description: "Redis: \(String(decoding: octets(), as: UTF8.self))")
        default: return .none
        }
    }
}
