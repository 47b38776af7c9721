import Foundation
import IdentityBasedEncryption
import MailboxClient
import Primitives
import Testing

@Suite struct ProfileTests {
    private let folder = TemporaryFolder()
    private let psk = Array("a pre-shared key of 32 octets!!!".utf8)
    private let passphrase = SecretBytes(Array("correct horse".utf8))

    @Test(arguments: [false, true]) func nothingSecretLiesInTheClear(isSealedUnderPassphrase: Bool) throws {
        let passphrase = isSealedUnderPassphrase ? passphrase : nil
        let profile = try Profile.create(
            at: folder.path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: passphrase)
        var cache = KeyCache()
        let key = Array("a private key in DER".utf8)
        let dated = try DatedIdentity(Identity("sip:alice@example.com"), on: sampleTime.day)
        try cache.add([dated: SecretBytes(key)], parameters: [[7, 7]], today: sampleTime.day, to: profile)

        let files = folder.files()
        #expect(files["account.json"] != nil && files["psk.sealed"] != nil && files["keys.sealed"] != nil)
        #expect((files["sealing.key"] == nil) == isSealedUnderPassphrase)
        for (name, octets) in files {
            #expect(octets.firstRange(of: psk) == nil, "the PSK is in \(name)")
            #expect(octets.firstRange(of: key) == nil, "a private key is in \(name)")
            #expect(octets.firstRange(of: Array("correct horse".utf8)) == nil, "the passphrase is in \(name)")
            #expect(folder.mode(of: name) == 0o600, "others may read \(name)")
        }
        let again = try Profile.open(at: folder.path, passphrase: passphrase)
        #expect(again.account == profile.account)
        #expect(try again.psk() == SecretBytes(psk))
        #expect(try KeyCache(of: again).keys[dated] == SecretBytes(key))
        #expect(try KeyCache(of: again).parameters == [[7, 7]])
    }

    @Test func aNewFolderIsItsOwnersAlone() throws {
        let path = "\(folder.path)/profiles/x"
        _ = try Profile.create(at: path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: nil)
        #expect(folder.mode(of: "profiles/x") == 0o700)
        #expect(folder.mode(of: "profiles") == 0o700)
    }

    @Test func aPassphraseIsNeededAndMustBeRight() throws {
        _ = try Profile.create(at: folder.path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: passphrase)
        let sealed = "\(folder.path)/sealing.sealed"
        #expect(throws: MailboxClientError.passphraseNeeded(path: sealed)) {
            try Profile.open(at: folder.path, passphrase: nil)
        }
        #expect(throws: MailboxClientError.wrongPassphrase(path: sealed)) {
            try Profile.open(at: folder.path, passphrase: SecretBytes([1]))
        }
    }

    @Test func aSealedFileCannotPassForAnother() throws {
        let profile = try Profile.create(
            at: folder.path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: nil)
        let dated = try DatedIdentity(Identity("sip:alice@example.com"), on: sampleTime.day)
        var cache = KeyCache()
        try cache.add([dated: SecretBytes([1])], parameters: [], today: sampleTime.day, to: profile)
        try #require(rename("\(folder.path)/keys.sealed", "\(folder.path)/psk.sealed") == 0)
        #expect(throws: MailboxClientError.self) { try profile.psk() }
    }

    @Test func aDamagedFileIsNamed() throws {
        _ = try Profile.create(at: folder.path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: nil)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/account.json"))
        let error = failure { try Profile.open(at: folder.path, passphrase: nil) }
        #expect(error?.description.contains("\(folder.path)/account.json") == true)
        #expect(error?.kind == .data)
    }

    @Test func aProfileIsThereWholeOrNotAtAll() throws {
        _ = try Profile.create(at: folder.path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: nil)
        #expect(throws: MailboxClientError.profileExists(path: folder.path)) {
            try Profile.create(at: folder.path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: nil)
        }
        // As a process leaves it that dies before the account is written.
        unlink("\(folder.path)/account.json")
        #expect(throws: MailboxClientError.noProfile(path: folder.path)) {
            try Profile.open(at: folder.path, passphrase: nil)
        }
        _ = try Profile.create(at: folder.path, account: sampleAccount(), psk: SecretBytes([5]), passphrase: nil)
        #expect(try Profile.open(at: folder.path, passphrase: nil).psk() == SecretBytes([5]))
    }

    @Test func profilesAreFoundByAnyIdentity() throws {
        let uris = ["sip:alice@example.com", "sip:lists@example.com"]
        let path = Profile.folder(named: uris[0], home: folder.path)
        _ = try Profile.create(at: path, account: sampleAccount(uris), psk: SecretBytes(psk), passphrase: nil)
        for uri in uris { #expect(try Profile.find(Identity(uri), home: folder.path) == path) }
        #expect(try Profile.find(Identity("sip:bob@example.com"), home: folder.path) == nil)
        #expect(Profile.all(home: folder.path).map(\.folder) == [path])
    }

    @Test(arguments: ["../../etc/passwd", "/etc", "..", ".hidden", "a/b", "sip:%41@example.com"])
    func aNameIsOneFolder(name: String) {
        let path = Profile.folder(named: name, home: "/home")
        #expect(path.hasPrefix("/home/profiles/"))
        let last = path.dropFirst("/home/profiles/".count)
        #expect(!last.contains("/") && !last.hasPrefix("."))
    }

    @Test func longNamesStayApart() {
        let long = String(repeating: "a", count: 500)
        let one = Profile.folder(named: long + "1", home: "")
        #expect(one != Profile.folder(named: long + "2", home: ""))
        #expect(one.utf8.count < 255)
    }

    @Test func keysOfLongAgoAreForgotten() throws {
        let profile = try Profile.create(
            at: folder.path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: nil)
        let alice = try Identity("sip:alice@example.com")
        let today = sampleTime.day
        let old = DatedIdentity(alice, on: today.advanced(by: -100))
        var cache = KeyCache()
        try cache.add([old: SecretBytes([1])], parameters: [], today: today, to: profile)
        #expect(cache.keys[old] != nil, "a key that was just asked for is kept")
        let new = DatedIdentity(alice, on: today)
        try cache.add([new: SecretBytes([2])], parameters: [], today: today, to: profile)
        #expect(cache.keys[old] == nil && cache.keys[new] != nil)
    }

    @Test func aDamagedCacheIsFetchedAnew() throws {
        let profile = try Profile.create(
            at: folder.path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: nil)
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(folder.path)/keys.sealed"))
        #expect(try KeyCache(of: profile).keys.isEmpty)
    }

    @Test func aProfileIsReplacedWhenThereIsAnother() throws {
        let path = "\(folder.path)/profiles/alice"
        _ = try Profile.create(at: path, account: sampleAccount(), psk: SecretBytes(psk), passphrase: nil)
        mkdir("\(path)/inbox", 0o700)
        let new = Profile.replacement(of: path)
        let other = try sampleAccount(["sip:alice@example.net"])
        _ = try Profile.create(at: new, account: other, psk: SecretBytes([5]), passphrase: passphrase)
        #expect(Profile.all(home: folder.path).map(\.folder) == [path], "what is in the making is no profile")
        #expect(try Profile.open(at: path, passphrase: nil).psk() == SecretBytes(psk))

        try Profile.replace(at: path)
        let profile = try Profile.open(at: path, passphrase: passphrase)
        #expect(try profile.psk() == SecretBytes([5]))
        #expect(profile.account == other)
        #expect(FileManager.default.fileExists(atPath: "\(path)/inbox"), "what was received stays")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/profiles") == ["alice"])
    }
}
