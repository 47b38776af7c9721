import IdentityBasedEncryption
import Primitives
import SupersingularPairing
import TestVectors
import Testing

extension Vector {
    /// A number in hex without leading zeros, as octets.
    var numberOctets: [UInt8] { get throws { try octets(ofNumberIn: (try text.utf8.count + 1) / 2) } }

    var natural: Natural { get throws { Natural(octets: try numberOctets) } }

    /// The two numbers of a pair.
    var pair: (Vector, Vector) {
        get throws {
            let parts = try list
            try #require(parts.count == 2)
            return (parts[0], parts[1])
        }
    }

    func point(on curve: TypeOneCurve) throws -> CurvePoint {
        let (x, y) = try pair
        return try #require(CurvePoint(x: SecretBytes(x.numberOctets), y: SecretBytes(y.numberOctets), on: curve))
    }

    var hash: HashFunction {
        get throws { try #require(HashFunction(rawValue: try text.uppercased())) }
    }

    /// The parameters of an entry of section 7, which are smaller than any level.
    func parameterSet() throws -> BFParameterSet {
        let curve = try TypeOneCurve(p: self["p"].natural, q: self["q"].natural)
        return BFParameterSet(
            p: try self["P"].point(on: curve), pPublic: try self["P_pub"].point(on: curve), hash: try self["hash"].hash)
    }
}

/// The entries of RFC 5091 section 7 with this number.
func section7(_ section: String) throws -> [Vector] {
    try Vector(file: "rfc5091.json")["section7"].list.filter { try $0["section"].text == section }
}

/// The levels 1024 and 3072, with their parameters.
func levels() throws -> [(BFPublicParameters, Vector)] {
    try Vector(file: "rfc5091.json")["levels"].list.map {
        (try BFPublicParameters(der: $0["BFPublicParameters"].octets), $0)
    }
}
