import IdentityBasedEncryption
import MIKEY
import Primitives

extension PointChain {
    /// Decrypts and reads the chain of an IBAKE.
    init(opening encrypted: [UInt8], as identity: DatedIdentity, keys: KeyRing) throws(IBAKEError) {
        let plaintext = try keys.decrypt("IBAKE", encrypted, as: identity)
        do {
            try self.init(octets: plaintext.exposedCopy())
        } catch {
            throw .chain(payload: "IBAKE", error)
        }
    }
}

extension SecretKeyChain {
    /// Decrypts and reads an ESK: what its recipient does with the one that a mailbox kept (RFC 6267 section 4.2.2).
    ///
    /// The identity is that of the recipient on the day of the T that came with the ESK. Throws `IBAKEError`; with
    /// `.noPrivateKey` the keys of that day are still to be asked for.
    public init(opening encrypted: [UInt8], as identity: DatedIdentity, keys: KeyRing) throws(IBAKEError) {
        let plaintext = try keys.decrypt("ESK", encrypted, as: identity)
        do {
            try self.init(octets: plaintext)
        } catch {
            throw .chain(payload: "ESK", error)
        }
    }
}
