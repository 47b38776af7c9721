import IdentityBasedEncryption
import MIKEY
import Primitives

/// Why an exchange does not go on.
public enum IBAKEError: Error, Equatable, Sendable {
    /// A message that is refused as it stands, before anything in it is decrypted.
    case message(MIKEYError)
    /// No message that this party expects now.
    case unexpectedMessage(UInt8)
    /// An update (I_MESSAGE_1 without RAND), which this party does not take (docs/protocol.md choice 20).
    case update
    /// Nobody here answers for the name.
    case notServed(Identity)
    /// The initiator uses the responder's own name.
    case ownName(Identity)
    /// Octets other than those answered before, with the same CSB ID and IDRi.
    case repeatedWithOtherOctets
    /// A second message without a first.
    case unknownExchange
    /// What was sent to a dated identity of which there is no private key.
    case noPrivateKey(DatedIdentity)
    /// Encr data that no key of the dated identity opens.
    case undecryptable(payload: String, DatedIdentity)
    /// A decrypted chain that is malformed.
    case chain(payload: String, MIKEYError)
    /// A decrypted chain that holds other identities or points than it must.
    case mismatch(String)
    /// V is not the MAC of the message.
    case wrongMAC
    /// A responder that the initiator's policy does not accept.
    case responderNotAccepted(Identity)
    /// A responder on another curve than the initiator's.
    case otherCurve(ECDHCurve)
    /// The peer sent an Error message with that number. Anybody can send one: it ends nothing.
    case peerError(UInt8)
    /// No public parameters to encrypt to the identity with.
    case noParameters(Identity)
    /// Something that is no fault of the peer: no memory, no random octets.
    case failure(String)
}

/// What a responder or KMS sends back for an error (docs/protocol.md choice 18).
public enum ErrorAnswer: Equatable, Sendable {
    /// An Error message with the number.
    case error(ErrorNumber)
    /// No MIKEY answer: the call fails with INVALID_ARGUMENT.
    case invalidArgument
    /// No MIKEY answer: the call fails as one that the caller may try again.
    case internalFailure
}

extension IBAKEError {
    /// What goes back to the sender.
    public var answer: ErrorAnswer {
        switch self {
        case .message(let error): error.answer.map { .error($0) } ?? .invalidArgument
        case .unexpectedMessage: .error(.invalidDataType)
        case .notServed, .ownName, .responderNotAccepted, .noParameters: .error(.invalidID)
        case .update, .repeatedWithOtherOctets, .unknownExchange, .otherCurve, .peerError: .error(.unspecified)
        // One number for all that depends on a private key or a MAC.
        case .noPrivateKey, .undecryptable, .chain, .mismatch, .wrongMAC: .error(.authenticationFailure)
        case .failure: .internalFailure
        }
    }

    /// The Error message that answers the failed octets, or nil where `answer` is none.
    public func message(answering failed: [UInt8], now: UTCTime) -> [UInt8]? {
        guard case .error(let number) = answer else { return nil }
        return MIKEYMessage.error(number, answering: failed, now: now)?.octets
    }
}

extension IBAKEError: CustomStringConvertible {
    /// The fault, and what to do about it.
    public var description: String {
        switch self {
        case .message(let error): "\(error)"
        case .unexpectedMessage(let type):
            "a message of data type \(type) (\(DataType(rawValue: type)?.name ?? "unknown")) is not expected now; "
                + "send I_MESSAGE_1, then I_MESSAGE_2"
        case .update: "updates are not taken here; start a new exchange with a new CSB ID and RAND"
        case .notServed(let name):
            "nobody here answers for \(name); check the name, and that this is the service to ask"
        case .ownName(let name): "\(name) is this responder's own name; call under another"
        case .repeatedWithOtherOctets:
            "an exchange with this CSB ID and IDRi was begun with other octets; retry with the same ones, "
                + "or start a new exchange with a new CSB ID"
        case .unknownExchange:
            "no exchange with this CSB ID and IDRi is open; it may have expired: start again with I_MESSAGE_1"
        case .noPrivateKey(let identity): "no private key of \(identity); get the keys of that day from the KMS"
        case .undecryptable(let payload, let identity):
            "the \(payload) does not open with the keys of \(identity): altered, or encrypted to another name, "
                + "day or KMS; send a fresh message, with the parameters of the recipient's KMS"
        case .chain(let payload, let error): "inside the \(payload): \(error)"
        case .mismatch(let what): "\(what): not what belongs in this exchange; start again with a new CSB ID"
        case .wrongMAC: "the MAC does not fit: altered, or made under another key; nothing of this message may be used"
        case .responderNotAccepted(let name):
            "\(name) answered, who is neither the one called nor his mailbox; list the name in the policy "
                + "if it may answer"
        case .otherCurve(let curve):
            "the responder's point is on curve \(curve.rawValue) (RFC 6267 section 6.1.4); "
                + "start again on that curve with a new CSB ID"
        case .peerError(let number):
            "the peer answered with Error \(number) (\(ErrorNumber(rawValue: number)?.name ?? "unknown")), "
                + "which anybody can send; wait for the real answer, or start again"
        case .noParameters(let name): "no public parameters for \(name); get those of its domain's KMS"
        case .failure(let fault): "\(fault); try again"
        }
    }
}

/// Runs a step of an exchange and gives its errors this module's shape.
func step<Result>(_ body: () throws -> Result) throws(IBAKEError) -> Result {
    do {
        return try body()
    } catch let error as IBAKEError {
        throw error
    } catch let error as MIKEYError {
        throw .message(error)
    } catch {
        // Random octets, OpenSSL: the machine's fault and not the peer's.
        throw .failure("\(error)")
    }
}
