import IdentityBasedEncryption
import Primitives

/// A MIKEY message that is refused: the fault, the number that an Error message gives it, and what to do.
public enum MIKEYError: Error, Equatable, Sendable {
    /// A field of registered numbers, of which the value decides a length, so that an unknown one cannot be skipped.
    public enum Code: String, Sendable {
        /// HDR version; 1 is known.
        case version
        /// Next payload.
        case payload = "payload type"
        /// TS type.
        case timestampType = "timestamp type"
        /// ID role.
        case role = "identity role"
        /// MAC alg or Auth alg.
        case macAlgorithm = "MAC algorithm"
        /// Hash func of CHASH.
        case hashFunction = "hash function"
        /// CS ID map type.
        case map = "CS ID map type"
        /// ECC curve.
        case curve = "elliptic curve"
        /// KV.
        case keyValidity = "key validity type"
        /// Type of a Key data or SK sub-payload.
        case keyType = "key type"
    }

    // Not readable as MIKEY: no MIKEY answer (docs/protocol.md choice 18).

    /// The octets end before a field does.
    case truncated(offset: Int, needed: Int, available: Int)
    /// Octets after the last payload.
    case trailing(offset: Int, count: Int)
    /// A number that is not known, and whose field cannot be skipped.
    case unknown(Code, UInt8, offset: Int)

    // Readable, and refused with a number.

    /// This party does not answer messages of that data type.
    case dataType(UInt8)
    /// A payload that the message's figure does not list.
    case unexpected(PayloadType)
    /// A payload that the message's figure wants.
    case missing(String)
    /// A payload or role that may be there once.
    case repeated(String)
    /// V or SIGN is not the last payload.
    case notLast(PayloadType)
    /// T is not of type NTP-UTC.
    case timestampType(UInt8)
    /// T lies more than 600 s from the clock.
    case clock(timestamp: UTCTime, clock: UTCTime)
    /// T of a second message is not later than that of the first.
    case timestampNotLater
    /// The PRF is unknown or not enabled.
    case pseudoRandomFunction(UInt8)
    /// The MAC algorithm is not the one of the PRF.
    case macAlgorithm(MACAlgorithm)
    /// The encryption algorithm is not the one of the PRF.
    case encryptionAlgorithm(UInt8)
    /// ID data that is no identity.
    case identity(InvalidIdentity)
    /// An IDRi of a key request that is no identity followed by a day.
    case undated
    /// An identity of a type other than URI, or for a pre-shared key other than octet string.
    case identityType(UInt8)
    /// #CS and the CS ID map, or a policy in it, are not ones that are served.
    case map
    /// RAND has fewer than 16 octets.
    case rand(Int)
    /// A field that must be equal to one of an earlier message is not.
    case changed(String)
    /// The keys asked for in one request are more than 64, or more than a KEMAC holds.
    case tooManyKeys
    /// A field holds what it must not; inside encrypted chains.
    case malformed(String)
}

extension MIKEYError {
    /// The number of the Error message that answers, or nil where the octets are not readable as MIKEY and the call
    /// fails with INVALID_ARGUMENT instead (docs/protocol.md choice 18).
    public var answer: ErrorNumber? {
        switch self {
        case .truncated, .trailing, .unknown: nil
        case .dataType: .invalidDataType
        case .timestampType, .clock, .timestampNotLater: .invalidTimestamp
        case .pseudoRandomFunction: .invalidPRF
        case .macAlgorithm: .invalidMAC
        case .encryptionAlgorithm: .invalidEncryption
        case .identity, .identityType, .undated: .invalidID
        case .unexpected, .missing, .repeated, .notLast, .map, .rand, .changed, .tooManyKeys, .malformed:
            .unspecified
        }
    }
}

extension MIKEYError: CustomStringConvertible {
    /// The fault, and what to do about it.
    public var description: String {
        switch self {
        case .truncated(let offset, let needed, let available):
            "truncated at offset \(offset): \(needed) octets needed, \(available) left; send the whole message"
        case .trailing(let offset, let count):
            "\(count) octets follow the last payload at offset \(offset); nothing may"
        case .unknown(let code, let value, let offset):
            "unknown \(code.rawValue) \(value) at offset \(offset); its length is not known, "
                + "so nothing behind it can be read"
        case .dataType(let value):
            "a message of data type \(value) (\(DataType(rawValue: value)?.name ?? "unknown")) is not answered here; "
                + "send one that this party expects"
        case .unexpected(let type): "unexpected \(type.name) payload; leave it out of this message"
        case .missing(let name): "no \(name) payload; this message needs one"
        case .repeated(let name): "more than one \(name) payload; send one"
        case .notLast(let type): "\(type.name) is not the last payload; put it there"
        case .timestampType(let type): "timestamp of type \(type); use NTP-UTC (0)"
        case .clock(let timestamp, let clock):
            "the timestamp \(timestamp) is more than 600 s from the clock \(clock); set the sender's clock, "
                + "or send a fresh message"
        case .timestampNotLater: "the timestamp is not later than that of the message before; use a later one"
        case .pseudoRandomFunction(let value): "PRF function \(value) is not enabled; use PRF-HMAC-SHA-256 (1)"
        case .macAlgorithm(let value):
            "MAC algorithm \(value.name) does not go with the PRF; use HMAC-SHA-256-256 (2) with PRF 1"
        case .encryptionAlgorithm(let value):
            "encryption algorithm \(value) does not go with the PRF; use AES-CM-256 (3) with PRF 1"
        case .identity(let error): "\(error)"
        case .undated:
            "an IDRi that is no dated identity; ask for keys by URI and day, such as sip:bob@example.com2026-12-01"
        case .identityType(let type):
            "identity of type \(type); use URI (1), or an octet string (2) to name a pre-shared key"
        case .map:
            "CS ID map that is not served; send #CS 0 with the empty map (1), or a complete SRTP-ID or GENERIC-ID map "
                + "with policy numbers 0"
        case .rand(let count): "RAND of \(count) octets; it has at least 16"
        case .changed(let what): "\(what) is not that of the message before; repeat it unchanged"
        case .tooManyKeys:
            "more keys than one request may ask for (64) or one answer holds; ask for fewer, in several requests"
        case .malformed(let what): "malformed: \(what)"
        }
    }
}
