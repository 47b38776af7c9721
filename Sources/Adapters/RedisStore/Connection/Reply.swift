import CHiredis

/// What Redis answers (RESP2).
package enum Reply: Sendable, Hashable {
    /// A string of octets.
    case octets([UInt8])
    /// A status, as "OK".
    case status(String)
    /// A number.
    case integer(Int64)
    /// Several.
    case array([Reply])
    /// Nothing is there.
    case none
    /// A refusal, as "ERR …".
    case error(String)

    /// The octets of a string, or none for anything else.
    package var octets: [UInt8]? {
        if case .octets(let octets) = self { octets } else { nil }
    }

    /// The text of a string or a status, or none for anything else.
    package var text: String? {
        switch self {
        case .octets(let octets): String(decoding: octets, as: UTF8.self)
        case .status(let text): text
        default: nil
        }
    }

    /// The number, or none for anything else.
    package var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    /// The parts of an array, or none for anything else.
    package var array: [Reply]? {
        if case .array(let array) = self { array } else { nil }
    }
}

extension Reply {
    /// How many arrays may be within each other.
    static let nestingLimit = 7

    /// A reply as hiredis parsed it, copied, with what is nested too deep left out.
    init(_ reply: redisReply, depth: Int = 0) {
        switch reply.type {
        case REDIS_REPLY_STRING: self = .octets(Self.octets(of: reply))
        case REDIS_REPLY_STATUS: self = .status(String(decoding: Self.octets(of: reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .error(String(decoding: Self.octets(of: reply), as: UTF8.self))
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_NIL: self = .none
        case REDIS_REPLY_ARRAY where depth < Self.nestingLimit:
            // Unsafe: hiredis gives C arrays of pointers; they live until the reply is freed, after this copy.
            let parts = UnsafeBufferPointer(start: reply.element, count: reply.elements)
            self = .array(parts.map { part in part.map { Reply($0.pointee, depth: depth + 1) } ?? .none })
        default: self = .error("a reply of type \(reply.type), which was not asked for")
        }
    }

    private static func octets(of reply: redisReply) -> [UInt8] {
        // Unsafe: a C string with its length, which may hold NUL.
        UnsafeRawBufferPointer(start: reply.str, count: reply.len).map { $0 }
    }
}
