import ClusterKeyFile
import Foundation
import IBAKE
import IdentityBasedEncryption
import KeyManagementClient
import LocalCluster
import MIKEY
import Mailbox
import MailboxClient
import Primitives
import RPC
import RedisStore
import Testing

/// What a thief of everything the cluster has can open once Bob has acknowledged: nothing. On a real broker and a real
/// Redis that write all they do to files.
@Suite(.enabled(if: RealParts.areThere(or: "crypto-erasure on Kafka and Redis"))) struct CryptoErasureTests {
    private static let lagSeconds = 6
    /// Ten times the lag, which is for machines that have other things to do.
    private static let bound = Duration.seconds(60)

    @Test(.timeLimit(.minutes(5))) func keysOfAcknowledgedMailLeaveTheFilesOfBrokersAndRedis() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        let cluster = try await LocalCluster.start(Self.configuration(poste))
        do {
            try await tell(poste, cluster)
            await cluster.stop()
        } catch {
            await cluster.stop()
            throw error
        }
    }

    private static func configuration(_ poste: Poste) -> LocalClusterConfiguration {
        var configuration = LocalClusterConfiguration(
            executable: Poste.executable.path, folder: poste.home.appendingPathComponent("cluster").path)
        // The cleaner looks each 15 s and keeps what it has replaced for a minute, but for these.
        configuration.brokers = .started(
            1, settings: ["log.cleaner.backoff.ms=300", "log.segment.delete.delay.ms=500"])
        configuration.fronts = 1
        configuration.workers = 1
        configuration.partitions = 3
        configuration.level = 1024
        configuration.compactionLagSeconds = lagSeconds
        return configuration
    }

    private func tell(_ poste: Poste, _ cluster: LocalCluster) async throws {
        let (alice, bob) = (try Identity("sip:alice@example.com"), try Identity("sip:bob@example.com"))
        _ = try await enroll(alice, poste, cluster)
        let profile = try await enroll(bob, poste, cluster)
        // One rides in its envelope, one goes to the contents topic.
        let contents = [try SystemRandom().octets(1000), try SystemRandom().octets(200_000)]
        for content in contents {
            let sent = try await poste.run(
                ["send", "--from", "\(alice)", "--to", "\(bob)", "-"], input: content)
            #expect(sent.status == 0, "\(sent.errors)")
        }
        let redis = try RedisStore(try RedisStore.Configuration(url: try #require(cluster.redis).url))
        let partition = Partitioner.partition(of: bob, count: 3)
        var waiting: [PendingDeposit] = []
        for _ in 0..<500 where waiting.count < contents.count {
            waiting = try await redis.pending(in: bob, partition: partition, after: nil, limit: PageLimit(count: 16))
                .deposits
            if waiting.count < contents.count { try await Task.sleep(for: .milliseconds(20)) }
        }
        #expect(waiting.count == contents.count)
        let esks = waiting.map(\.envelope.encryptedKey)
        // With Bob's key of the day whoever has the files opens it now.
        let ring = try await keys(of: profile, cluster)
        let sks = try waiting.map { deposit in
            let esk = deposit.envelope.encryptedKey
            let dated = DatedIdentity(bob, on: deposit.envelope.receivedAt.day)
            return try SecretKeyChain(opening: esk, as: dated, keys: ring).sk.exposedCopy()
        }
        // Behind what every ciphertext begins with.
        let keySearch = FileSearch(esks.map { Array($0.dropFirst(16)) })
        // Neither SK nor any content is ever there.
        let plainSearch = FileSearch(sks + contents.flatMap { [Array($0.prefix(500)), Array($0.suffix(500))] })
        #expect(try plainSearch.files(below: cluster.folder) == [])
        let (brokerFiles, redisFiles) = (
            cluster.folder.appendingPathComponent("kafka"), cluster.folder.appendingPathComponent("redis-1")
        )
        #expect(try await found(keySearch, below: brokerFiles), "the ESKs are in no file of the broker")
        #expect(try await found(keySearch, below: redisFiles), "the ESKs are in no file of Redis")

        let into = poste.home.appendingPathComponent("bob")
        let received = try await poste.run("receive", "--as", "\(bob)", "--into", into.path)
        #expect(received.status == 0, "\(received.errors)")
        let files = try FileManager.default.contentsOfDirectory(at: into, includingPropertiesForKeys: nil)
        let got = files.compactMap { FileManager.default.contents(atPath: $0.path).map { [UInt8]($0) } }
        #expect(contents.allSatisfy(got.contains))

        // Nothing else happens in that partition, and nobody is told to do anything.
        let acknowledged = ContinuousClock.now
        var holders = try keySearch.files(below: cluster.folder)
        while !holders.isEmpty, ContinuousClock.now - acknowledged < Self.bound {
            try await Task.sleep(for: .milliseconds(500))
            holders = try keySearch.files(below: cluster.folder)
        }
        #expect(holders == [], "still there after \(Self.bound)")
        print("ESKs are in no file \(ContinuousClock.now - acknowledged) after the acknowledgement")
        #expect(try plainSearch.files(below: cluster.folder) == [])
        try await expectNone(of: keySearch, inSessionsOf: redis, cluster)
        await redis.close()
    }

    private func enroll(_ identity: Identity, _ poste: Poste, _ cluster: LocalCluster) async throws -> Profile {
        let token = try String(contentsOfFile: cluster.enrolmentTokenPath, encoding: .utf8)
        var enrolment = MailboxClient.Enrolment(
            identities: [identity], endpoints: .file(cluster.endpointsPath),
            token: token.trimmingCharacters(in: .whitespacesAndNewlines))
        enrolment.acceptsTestLevel = true
        let folder = Profile.folder(named: "\(identity)", home: poste.home.path)
        return try await MailboxClient.enroll(enrolment, at: folder, passphrase: nil)
    }

    /// The private keys of somebody around today, as the KMS gives them to him.
    private func keys(of profile: Profile, _ cluster: LocalCluster) async throws -> KeyRing {
        let address = try #require(cluster.kms.addresses["kms"].flatMap { RPCAddress($0) })
        let roots = try String(contentsOfFile: cluster.rootsPath, encoding: .utf8)
        let channel = try RPCChannel(
            RPCChannelConfiguration(host: address.host, port: address.port, security: .tls(rootsPEM: roots)))
        let client = KeyManagementClient(
            channel: channel,
            credentials: .init(
                kms: profile.account.kms, preSharedKeyName: profile.account.pskName, preSharedKey: try profile.psk()),
            acceptsTestLevel: true)
        let now = MailboxClient.systemTime()
        let parameters = try await client.parameters(now: now)
        let wanted = (-1...1).map { DatedIdentity(profile.account.identities[0], on: now.day.advanced(by: $0)) }
        var ring = KeyRing(parameters: parameters)
        for key in try await client.privateKeys(of: wanted, under: parameters, now: now) { try ring.add(key) }
        return ring
    }

    /// Writing to files takes Redis up to a second.
    private func found(_ search: FileSearch, below folder: URL) async throws -> Bool {
        for _ in 0..<20 {
            if try !search.files(below: folder).isEmpty { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    /// Opens what fronts remember, with the cluster's key.
    private func expectNone(
        of search: FileSearch, inSessionsOf redis: RedisStore, _ cluster: LocalCluster
    ) async throws {
        let path = cluster.clusterFolder.appendingPathComponent("cluster.key").path
        let seal = try #require(try ClusterKeyFile.keys(at: path)).seal(at: MailboxClient.systemTime())
        let prefix = Array("poste:session:2:".utf8)
        let names = try await redis.command("KEYS", [prefix + [UInt8(ascii: "*")]]).array ?? []
        var opened = 0
        for name in names.compactMap(\.octets) {
            guard let value = try await redis.command("GET", [name]).octets else { continue }
            let key = SessionKey(kind: .session, name: Array(name.dropFirst(prefix.count)))
            let octets = try seal.open(value, for: key).exposedCopy()
            #expect(!search.finds(in: octets))
            opened += 1
        }
        #expect(opened > 0)
    }
}
