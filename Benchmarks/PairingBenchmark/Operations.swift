import CFieldArithmetic
import IdentityBasedEncryption
import Primitives
import SupersingularPairing

/// One measured operation.
struct Result {
    let name: String
    let nanoseconds: Double
}

/// Everything that is measured at one level.
struct Operations {
    private let measure: Measure
    private let key: BFMasterKey
    private let curve: TypeOneCurve
    private let ownID = Array("sip:bob@example.com2026-12-01".utf8)

    init(level: SecurityLevel, _ measure: Measure) throws {
        self.measure = measure
        key = try BFMasterKey.generate(level: level, random: SystemRandom(), progress: { _ in })
        curve = key.parameters.set.curve
    }

    /// p, for the yardsticks.
    var modulus: Natural { curve.p }

    func run() throws -> [Result] { field() + (try group()) + (try scheme()) }

    private func time(_ name: String, _ run: () throws -> Void) rethrows -> Result {
        Result(name: name, nanoseconds: try measure.nanoseconds(run))
    }

    /// The C kernels. The pointers are what they work on.
    private func field() -> [Result] {
        let n = (curve.p.bitCount + 63) / 64
        let f = UnsafeMutablePointer<fa_field>.allocate(capacity: 1)
        let e = UnsafeMutablePointer<UInt64>.allocate(capacity: 6 * n)
        defer {
            f.deallocate()
            e.deallocate()
        }
        for (index, octet) in curve.p.octets(count: 8 * n).reversed().enumerated() {
            if index % 8 == 0 { e[index / 8] = 0 }
            e[index / 8] |= UInt64(octet) << (index % 8 * 8)
        }
        fa_field_init(f, e, Int32(n))
        for index in 0..<6 * n { e[index] = 0x1e37_79b9_7f4a_7c15 &* UInt64(index + 1) >> 1 }
        let (a, b, r) = (e, e + 2 * n, e + 4 * n)
        return [
            time("F_p product") { fa_mul(f, r, a, b) },
            time("F_p square") { fa_sqr(f, r, a) },
            time("F_p^2 product") { fa2_mul(f, r, a, b) },
            time("F_p^2 square") { fa2_sqr(f, r, a) },
        ]
    }

    private func group() throws -> [Result] {
        let set = key.parameters.set
        let scalar = Scalar(try SystemRandom().secretOctets(curve.q.octetCount + 8), modulo: curve.q)
        let (a, b) = (set.p, set.pPublic)
        let prepared = PreparedPoint(a)
        let base = FixedBase(a)
        let value = curve.pairing(a, b)
        let unmultiplied = RFC5091Hashing.hashToCurve(ownID, curve, set.hash)
        return [
            time("pairing") { _ = curve.pairing(a, b) },
            time("pairing, fixed argument") { _ = prepared.pairing(b) },
            time("table of a fixed argument") { _ = PreparedPoint(a) },
            time("scalar multiplication, variable point") { _ = a.multiplied(by: scalar) },
            time("scalar multiplication, fixed point") { _ = base.multiplied(by: scalar) },
            time("table of a fixed point") { _ = FixedBase(a) },
            time("hash to curve") { _ = RFC5091Hashing.hashToCurve(ownID, curve, set.hash) },
            time("clear cofactor") { _ = unmultiplied.clearingCofactor },
            time("power in the target group") { _ = value.power(scalar) },
        ]
    }

    private func scheme() throws -> [Result] {
        let parameters = key.parameters
        let message = [UInt8](repeating: 7, count: 200)
        let own = try key.extract(ownID)
        let block = try parameters.encrypt(message, to: ownID, random: SystemRandom())
        let peer = try DatedIdentity(octets: Array("sip:alice@example.com2026-12-01".utf8))
        let deposit = [UInt8](repeating: 1, count: 16)
        var fresh = 0
        return [
            try time("encrypt to a new identity") {
                fresh += 1
                _ = try parameters.encrypt(
                    message, to: Array("sip:\(fresh)@example.com2026-12-01".utf8), random: SystemRandom())
            },
            try time("encrypt to a known identity") {
                _ = try parameters.encrypt(message, to: ownID, random: SystemRandom())
            },
            try time("decrypt with its check") { _ = try own.decrypt(block) },
            try time("extract a private key") { _ = try key.extract(ownID) },
            try time("read and check a private key") {
                _ = try BFPrivateKey(der: own.der, identity: ownID, parameters: parameters)
            },
            try time("read and check public parameters") { _ = try BFPublicParameters(der: parameters.der) },
            try time("sender proof key") {
                _ = try SenderProofKey.derive(own: own, peer: peer, depositID: deposit, parameters: parameters)
            },
        ]
    }
}
