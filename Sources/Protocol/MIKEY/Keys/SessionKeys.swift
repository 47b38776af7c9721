import Primitives

/// The keys of an IBAKE exchange (RFC 6267 sections 5.1 and 5.2).
public struct SessionKeys: Sendable {
    /// MIKEY Protection Key, 256 bits.
    public let mpk: SecretBytes
    /// TEK Generation Key, 256 bits: what deposits and deliveries are opened with.
    public let tgk: SecretBytes
    /// auth_key of V, as long as the MAC.
    public let authenticationKey: SecretBytes

    /// The keys from K_SESSION, which is all of 04 || X || Y of [x][y]P (docs/protocol.md choices 5 and 8).
    public init(kSession: SecretBytes, csbID: UInt32, rand: [UInt8], suite: AlgorithmSuite) {
        let prf = PseudoRandomFunction(hash: suite.hash)
        mpk = prf(kSession, label: KeyLabel.mpk.octets(id: .max, rand: rand), count: 32)
        tgk = prf(kSession, label: KeyLabel.tgk.octets(id: .max, rand: rand), count: 32)
        authenticationKey = prf(
            mpk, label: KeyLabel.authentication.octets(id: csbID, rand: rand), count: suite.authenticationKeyOctetCount)
    }
}

/// The constants at the head of labels (RFC 3830 section 4.1.4, RFC 6267 section 5.1).
enum KeyLabel: UInt32 {
    case encryption = 0x1505_33e1
    case authentication = 0x2d22_ac75
    case salt = 0x29b8_8916
    case mpk = 0x220e_99a2
    case tgk = 0x1f4d_675b

    /// constant || FF || CSB ID || RAND. MPK and TGK have FFFFFFFF where the others have the CSB ID.
    func octets(id: UInt32, rand: [UInt8]) -> [UInt8] {
        var label: [UInt8] = []
        label.append(bigEndian: rawValue)
        label.append(0xff)
        label.append(bigEndian: id)
        return label + rand
    }
}
