import IBAKE
import IdentityBasedEncryption
import MIKEY
import Primitives
import TestVectors
import Testing

/// An exchange of `deferred-*.json`: its parties' keys, its randomness, its messages.
struct Exchange {
    let vector: Vector
    let keys: KeyRing
    let initiator: Identity
    let called: Identity
    let responder: Identity

    /// All names, of which each party uses its own: private keys say who somebody is.
    init(_ level: String, _ name: String) throws {
        let file = try Vector(file: "deferred-\(level).json")
        vector = try file[name]
        keys = try Self.keys(file)
        initiator = try Identity(vector["initiator"].text)
        called = try Identity(vector["called"].text)
        responder = try Identity(vector["responder"].text)
    }

    static func keys(_ file: Vector, of names: Set<String>? = nil) throws -> KeyRing {
        let parameters = try BFPublicParameters(der: file["BFPublicParameters"].octets)
        var keys = KeyRing(parameters: [parameters])
        for name in try file["private_keys"].names {
            let key = try BFPrivateKey(
                der: file["private_keys"][name].secret, identity: Array(name.utf8), parameters: parameters)
            if try names?.contains(DatedIdentity(octets: key.identity).identity.description) ?? true {
                try keys.add(key)
            }
        }
        return keys
    }

    func message(_ index: Int) throws -> Vector { try vector["messages"].list[index] }
    func octets(_ index: Int) throws -> [UInt8] { try message(index)["octets"].octets }
    func clock(_ index: Int) throws -> UTCTime { try message(index)["clock"].time }

    private func rho(_ index: Int, _ payload: Int = 0) throws -> [UInt8] {
        try message(index)["encrypted"].list[payload]["rho"].octets
    }

    private func scalar(_ name: String) throws -> [UInt8] {
        try vector["secrets"][name]["scalar"].octets(ofNumberIn: 32)
    }

    /// The draws of the initiator, in the order that it documents.
    func initiatorDraws() throws -> ScriptedRandom {
        var draws = [try vector["csb_id"].octets, try vector["rand"].octets, try scalar("x"), try rho(0)]
        if try vector["secrets"].has("x2") {
            draws += [try scalar("x2"), try rho(2), try scalar("a"), try rho(2, 1)]
        } else {
            draws.append(try rho(2))
        }
        return ScriptedRandom(draws)
    }

    /// The draws of the responder.
    func responderDraws() throws -> ScriptedRandom {
        var draws = [try scalar("y"), try rho(1)]
        if try !message(3)["encrypted"].list.isEmpty { draws.append(try rho(3)) }
        return ScriptedRandom(draws)
    }

    /// An initiator that has sent the vector's I_MESSAGE_1.
    func begun(_ random: ScriptedRandom) throws -> IBAKEInitiator {
        try IBAKEInitiator(IBAKECall(from: initiator, to: called), keys: keys, now: clock(0), random: random)
    }

    /// The responder of the vector.
    var mailbox: IBAKEResponder { IBAKEResponder(names: [responder], keys: keys) }

    /// The responder's state after the vector's R_MESSAGE_1.
    func opened(_ random: ScriptedRandom) throws -> IBAKEResponder.Answer {
        try mailbox.answer(octets(0), state: nil, now: clock(1), random: random)
    }
}
