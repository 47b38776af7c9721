import CurveVectors
import IdentityBasedEncryption
import Primitives
import SupersingularPairing
import TestVectors
import Testing

extension Vector {
    var hash: HashFunction {
        get throws { try #require(HashFunction(rawValue: try text.uppercased())) }
    }

    /// The parameters of an entry of section 7, which are smaller than any level.
    func parameterSet() throws -> BFParameterSet {
        let curve = try self.curve()
        return BFParameterSet(
            p: try self["P"].point(on: curve), pPublic: try self["P_pub"].point(on: curve), hash: try self["hash"].hash)
    }
}

/// The levels 1024 and 3072, with their parameters.
func levels() throws -> [(BFPublicParameters, Vector)] {
    try Vector(file: "rfc5091.json")["levels"].list.map {
        (try BFPublicParameters(der: $0["BFPublicParameters"].octets), $0)
    }
}
