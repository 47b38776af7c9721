import Foundation
import IdentityBasedEncryption
import Primitives

/// What one account keeps on this machine: a folder that its owner alone can read.
///
/// | file | what |
/// | --- | --- |
/// | `account.json` | identities, names of KMS and pre-shared key, endpoints with their roots |
/// | `sealing.key` or `sealing.sealed` | the key of the two files below, plain or under a passphrase |
/// | `psk.sealed` | the pre-shared key |
/// | `keys.sealed` | dated private keys and public parameters, a cache |
/// | `sent/` | one file for each deposit whose delivery receipt is awaited |
/// | `received/` | the record of deposits that the application has seen |
/// | `inbox/` | contents received, unless another folder is given |
public struct Profile: Sendable {
    static let accountName = "account.json"
    static let pskName = "psk.sealed"

    /// The folder.
    public let folder: String
    /// Who it is.
    public let account: Account
    let seal: ProfileSeal

    /// The folder of a profile under a home, by the identity or the name given: letters, digits and a few signs stay,
    /// every other octet is written as `%` and two digits.
    public static func folder(named name: String, home: String) -> String {
        var text = ""
        for octet in name.utf8 {
            let character = Character(UnicodeScalar(octet))
            let isSafe =
                character.isASCII && (character.isLetter || character.isNumber || "@:_+-=;,".contains(character))
            text +=
                isSafe || octet == UInt8(ascii: ".") && !text.isEmpty ? String(character) : "%" + hexadecimal([octet])
        }
        // A file name has at most 255 octets.
        if text.utf8.count > 200 {
            text = text.prefix(160) + "%" + hexadecimal(HashFunction.sha256.hash(Array(name.utf8))[..<16])
        }
        return "\(home)/profiles/\(text)"
    }

    /// Whether there is a profile in the folder.
    public static func exists(at folder: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/\(accountName)")
    }

    /// Makes a profile.
    ///
    /// Throws `MailboxClientError`.
    public static func create(
        at folder: String, account: Account, psk: SecretBytes, passphrase: SecretBytes?
    ) throws(MailboxClientError) -> Profile {
        let seal = try prepare(at: folder, passphrase: passphrase)
        return try finish(at: folder, seal, account: account, psk: psk)
    }

    /// Makes the folder and its sealing key, so that what can fail on this machine fails before an account is made.
    static func prepare(at folder: String, passphrase: SecretBytes?) throws(MailboxClientError) -> ProfileSeal {
        try MailboxClientError.converting {
            try DurableFile.makeFolder(folder)
            guard !exists(at: folder) else { throw MailboxClientError.profileExists(path: folder) }
            for name in [ProfileSeal.plainKeyName, ProfileSeal.sealedKeyName, KeyCache.name] {
                unlink("\(folder)/\(name)")
            }
            return try ProfileSeal.create(in: folder, passphrase: passphrase)
        }
    }

    /// Writes the account. `account.json` comes last: without it there is no profile, whenever the process dies.
    static func finish(
        at folder: String, _ seal: ProfileSeal, account: Account, psk: SecretBytes
    ) throws(MailboxClientError) -> Profile {
        try MailboxClientError.converting {
            try seal.write(psk, to: pskName, in: folder)
            let profile = Profile(folder: folder, account: account, seal: seal)
            try profile.writeAccount()
            return profile
        }
    }

    /// Opens a profile.
    ///
    /// Throws `MailboxClientError`: `.noProfile`, `.passphraseNeeded`, `.wrongPassphrase`, `.damaged`, `.file`.
    public static func open(at folder: String, passphrase: SecretBytes?) throws(MailboxClientError) -> Profile {
        try MailboxClientError.converting {
            let path = "\(folder)/\(accountName)"
            guard let octets = try DurableFile.read(path) else { throw MailboxClientError.noProfile(path: folder) }
            let account: Account
            do {
                account = try JSONDecoder().decode(Account.self, from: Data(octets))
            } catch {
                throw MailboxClientError.damaged(path: path, reason: "not an account; enrol again with --replace")
            }
            return Profile(
                folder: folder, account: account, seal: try ProfileSeal.open(in: folder, passphrase: passphrase))
        }
    }

    /// The folders of all profiles under a home, each with its account; damaged ones are left out.
    public static func all(home: String) -> [(folder: String, account: Account)] {
        DurableFile.names(in: "\(home)/profiles").filter { !$0.hasPrefix(".") }.compactMap { name in
            let folder = "\(home)/profiles/\(name)"
            guard let octets = try? DurableFile.read("\(folder)/\(accountName)"),
                let account = try? JSONDecoder().decode(Account.self, from: Data(octets))
            else { return nil }
            return (folder, account)
        }
    }

    /// The folder of the profile under a home that has the identity; nil where none has it.
    public static func find(_ identity: Identity, home: String) -> String? {
        let own = folder(named: identity.description, home: home)
        return exists(at: own) ? own : all(home: home).first { $0.account.identities.contains(identity) }?.folder
    }

    /// The folder beside a profile in which another is made that is to take its place: none of `all`.
    public static func replacement(of folder: String) -> String {
        let url = URL(fileURLWithPath: folder)
        return url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).new").path
    }

    /// Puts the profile at `replacement(of: folder)` in the place of the one in the folder, whose keys are gone then.
    /// What was received stays.
    ///
    /// Throws `MailboxClientError`; both are there then.
    public static func replace(at folder: String) throws(MailboxClientError) {
        let new = replacement(of: folder)
        let old = "\(new).old"
        for name in ["inbox", "received", "sent"] { rename("\(folder)/\(name)", "\(new)/\(name)") }
        guard rename(folder, old) == 0 else { throw .file(FileFailure("rename", folder)) }
        guard rename(new, folder) == 0 else { throw .file(FileFailure("rename", new)) }
        do {
            try FileManager.default.removeItem(atPath: old)
        } catch {
            throw .machine(reason: "cannot remove the old profile \(old): \(error.localizedDescription)")
        }
    }

    /// The pre-shared key. Throws `MailboxClientError`.
    package func psk() throws -> SecretBytes {
        guard let psk = try seal.read(Self.pskName, in: folder) else {
            throw MailboxClientError.damaged(
                path: "\(folder)/\(Self.pskName)", reason: "it is missing; enrol again with --replace")
        }
        return psk
    }

    /// Runs the body while no other process that asks for the same lock of the profile does.
    func locked<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
        let file = try OpenFile("\(folder)/\(name).lock", O_RDWR | O_CREAT)
        try file.lock()
        return try withExtendedLifetime(file) { try body() }
    }

    private func writeAccount() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.write(Array(try encoder.encode(account)), to: "\(folder)/\(Self.accountName)")
    }
}
