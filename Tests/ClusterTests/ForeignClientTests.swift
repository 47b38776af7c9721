import Foundation
import IdentityBasedEncryption
import KafkaLog
import LocalCluster
import Mailbox
import Primitives
import StoreBehaviour
import Testing

/// A cluster on Kafka and Redis, which others than this program's own clients write to, read, and wipe.
@Suite(.enabled(if: RealParts.areThere(or: "tests of foreign clients") && Kcat.isThere), .serialized)
struct ForeignClientTests {
    private let alice = "sip:alice@example.com"
    private let bob = "sip:bob@example.com"
    private let partitions = 4

    /// A cluster, and what a person runs beside it.
    private struct Scene {
        let poste: Poste
        let cluster: LocalCluster
        let kcat: Kcat
        let redis: RedisServer

        var servers: String { kcat.servers }

        /// A field of a hash of the view, as `redis-cli` shows it.
        func field(_ hash: String, _ partition: Int, _ name: String) async throws -> String {
            try await redis.command("--no-raw", "HGET", "poste:{\(partition)}:\(hash)", name)
        }

        func waiting(in partition: Int) async throws -> Int {
            Int(try await redis.command("HLEN", "poste:{\(partition)}:deposits")) ?? -1
        }

        func send(_ from: String, _ to: String, _ text: String) async throws {
            let sent = try await poste.run("send", "--from", from, "--to", to, "--text", text)
            #expect(sent.status == 0, "\(sent.errors)")
        }

        /// Records of the dead-letter topic that are letters.
        func letterRecords(in partition: Int) throws -> Int {
            try kcat.consume("poste.dead-letters", ["-p", "\(partition)"], format: "%h\n").filter {
                $0.contains("poste-fault=")
            }.count
        }

        func deadLetters() async throws -> [[String: Any]] {
            let listed = try await poste.run("dead-letters", "--kafka", servers, "--json")
            #expect(listed.status == 0, "\(listed.errors)")
            return try listed.lines.compactMap {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        }
    }

    private func home(_ name: String) throws -> Int { Partitioner.partition(of: try Identity(name), count: partitions) }

    @Test(.timeLimit(.minutes(5))) func foreignClientsReadAndWriteAndSpoilNothing() async throws {
        let poste = try Poste()
        defer { poste.removeHome() }
        var configuration = LocalClusterConfiguration(
            executable: Poste.executable.path, folder: poste.home.appendingPathComponent("cluster").path)
        configuration.level = 1024
        configuration.brokers = .started(1)
        configuration.persistence = .nothing
        configuration.fronts = 1
        configuration.partitions = partitions
        configuration.environment = ["POSTE_INSECURE_TEST_LEVEL": "1"]
        let cluster = try await LocalCluster.start(configuration)
        do {
            let servers = try #require(cluster.brokers?.bootstrapServers)
            let scene = Scene(
                poste: poste, cluster: cluster, kcat: Kcat(servers: servers),
                redis: try #require(cluster.redis?.servers[0]))
            for name in [alice, bob] {
                let enrolled = try await poste.run("enroll", name, "--endpoints", cluster.endpointsPath)
                #expect(enrolled.status == 0, "\(enrolled.errors)")
            }
            try await mailOfAnIdleClusterSurvivesAnEmptyRedis(scene)
            try await presenceComesFromAnyClient(scene)
            try await mailGoesWhereAForeignEventSays(scene)
            try await whatTheDocumentsSayIsThere(scene)
            try await poisonStopsNothing(scene)
            try await aRebuildUnderLoadLosesNothing(scene)
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// FLUSHALL while nothing happens: no command, no record tells the workers.
    private func mailOfAnIdleClusterSurvivesAnEmptyRedis(_ scene: Scene) async throws {
        try await scene.send(alice, bob, "before the flood")
        let home = try home(bob)
        try await eventually("the deposit is in the view") { try await scene.waiting(in: home) == 1 }
        try await Task.sleep(for: .seconds(2))
        try await scene.redis.wipe()
        let begun = ContinuousClock.now
        try await eventually("it is there again") { try await scene.waiting(in: home) == 1 }
        print("idle view wiped: again there after \((ContinuousClock.now - begun) / .seconds(1)) s")
        #expect(ContinuousClock.now - begun < .seconds(6))
        let received = try await scene.poste.run("receive", "--as", bob, "--json")
        #expect(received.status == 0 && received.lines.count == 1, "\(received.errors)")
    }

    private func presenceComesFromAnyClient(_ scene: Scene) async throws {
        let home = try home(bob)
        func event(_ contact: String) -> String {
            "{\"entity\": \"\(bob)\", \"basic\": \"open\", \"contact\": \"\(contact)\"}"
        }
        func arrives(_ contact: String, _ how: String) async throws {
            try await eventually("the view has what came \(how)") {
                try await scene.field("presence", home, bob).contains(contact)
            }
        }
        // With the URI as key; kcat hashes keys in another way than Kafka's own clients unless told, and the worker sends on.
        try scene.kcat.produce(event("192.0.2.1:1"), to: "poste.presence", ["-k", bob])
        try await arrives("192.0.2.1:1", "with a key")
        try scene.kcat.produce(
            event("192.0.2.1:2"), to: "poste.presence", ["-k", bob, "-X", "topic.partitioner=murmur2_random"])
        try await arrives("192.0.2.1:2", "with a key, hashed as Kafka does")
        for number in 3..<11 {
            try scene.kcat.produce(event("192.0.2.1:\(number)"), to: "poste.presence", [])
            try await arrives("192.0.2.1:\(number)", "without a key")
        }
        for partition in 0..<partitions {
            try scene.kcat.produce(event("192.0.2.2:\(partition)"), to: "poste.presence", ["-p", "\(partition)"])
            try await arrives("192.0.2.2:\(partition)", "in partition \(partition)")
        }
        let published = try await scene.poste.run(
            "presence", "--kafka", scene.servers, "--entity", bob, "--contact", "192.0.2.3:1")
        #expect(published.status == 0 && published.output.contains("1 event accepted"), "\(published.errors)")
        try await arrives("192.0.2.3:1", "from poste presence")
        #expect(try await scene.deadLetters().isEmpty)
    }

    /// Bob waits to be dialled, and kcat says where, without a key and with one.
    private func mailGoesWhereAForeignEventSays(_ scene: Scene) async throws {
        for (number, options) in [[], ["-k", bob]].enumerated() {
            try await scene.send(alice, bob, "to be dialled for \(number)")
            let ready = scene.poste.home.appendingPathComponent("listening-\(number)")
            let recipient = try scene.poste.start(
                "receive", "--as", bob, "--json", "--listen", "127.0.0.1:0", "--ready-file", ready.path)
            try await eventually("bob listens") { FileManager.default.fileExists(atPath: ready.path) }
            let notice = try JSONSerialization.jsonObject(with: Data(contentsOf: ready)) as? [String: Any]
            let contact = try #require((notice?["addresses"] as? [String: String])?["contact"])
            try scene.kcat.produce(
                "{\"entity\": \"\(bob)\", \"basic\": \"open\", \"contact\": \"\(contact)\"}", to: "poste.presence",
                options)
            try await eventually("he is dialled") { recipient.output.split(separator: "\n").count == 1 }
            try scene.kcat.produce("{\"entity\": \"\(bob)\", \"basic\": \"closed\"}", to: "poste.presence", [])
            #expect(await recipient.stop() == 0)
        }
    }

    /// docs/log.md, as kcat and redis-cli see it.
    private func whatTheDocumentsSayIsThere(_ scene: Scene) async throws {
        let home = try home(bob)
        try await scene.send(alice, bob, "to be looked at")
        try await eventually("the deposit is in the view") { try await scene.waiting(in: home) == 1 }
        let envelopes = try scene.kcat.consume("poste.envelopes", ["-p", "\(home)"], format: "%K %S %h\\n")
        let keySize = 16 + bob.utf8.count
        let sizes = envelopes.map { $0.split(separator: " ").map(String.init) }
        #expect(sizes.contains { $0[0] == "\(keySize)" && (Int($0[1]) ?? 0) > 500 }, "an envelope: \(envelopes)")
        let tombstone = sizes.first { $0[0] == "\(keySize)" && $0[1] == "-1" }
        #expect(tombstone?.last?.contains("poste-reason=acknowledged") ?? false, "\(envelopes)")
        #expect(tombstone?.last?.contains("poste-at=") ?? false)
        let renewals = try scene.kcat.consume("poste.presence", ["-p", "\(home)"], format: "%s\\n")
        #expect(renewals.contains { $0.contains("\"front\"") && $0.contains("lease_ms") })
        for key in ["position", "queue", "envelopes", "deposits", "expiry", "usage", "presence"] {
            #expect(try await scene.redis.command("EXISTS", "poste:{\(home)}:\(key)") == "1", "\(key)")
            #expect(try await scene.redis.command("TTL", "poste:{\(home)}:\(key)") == "-1", "\(key)")
        }
        #expect(try await scene.redis.command("ZCARD", "poste:{\(home)}:queue") == "1")
        #expect(try await scene.redis.command("HEXISTS", "poste:{\(home)}:usage", bob) == "1")
        let received = try await scene.poste.run("receive", "--as", bob, "--json")
        #expect(received.lines.count == 1)
    }

    private func poisonStopsNothing(_ scene: Scene) async throws {
        let home = try home(bob)
        let log = try await KafkaLog.open(KafkaConfiguration(bootstrapServers: scene.servers))
        let recipient = try scene.poste.start("receive", "--as", bob, "--follow", "--json")
        let poisons = try Poison.all(
            for: home, of: partitions, near: UTCTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000)))
        var expected: Set<String> = []
        func put(_ poison: Poison, in partition: Int) async throws {
            let offset = try await log.append([poison.record], to: poison.topic, partition: partition)[0]
            if poison.fate == .deadLetter { expected.insert("\(poison.topic.name)/\(partition)/\(offset)") }
        }
        for (number, poison) in poisons.enumerated() {
            // Brokers let nothing without a key into a compacted topic.
            if poison.topic != .envelopes || poison.record.key != nil { try await put(poison, in: home) }
            if number % 20 == 0 { try await scene.send(alice, bob, "between poison \(number)") }
        }
        try await eventually("the mail between it came") {
            recipient.output.split(separator: "\n").count == (poisons.count + 19) / 20
        }
        // And by hand, into every topic, with a key and without.
        var byHand = 0
        for topic in LogTopic.allCases {
            let keyed = [["-k", "key"], ["-H", "poste-reason=acknowledged", "-k", bob]]
            for options in topic == .envelopes ? keyed : keyed + [[]] {
                try scene.kcat.produce("garbage \(topic.name)", to: topic.name, ["-p", "\(home)"] + options)
                if topic == .envelopes || topic == .presence { byHand += 1 }
            }
        }
        try await scene.send(alice, bob, "after it")
        var found: [[String: Any]] = []
        for _ in 0..<60 where found.count < expected.count + byHand {
            try await Task.sleep(for: .milliseconds(250))
            found = try await scene.deadLetters().filter { $0["topic"] != nil }
        }
        #expect(found.count == expected.count + byHand)
        let places = found.compactMap { letter -> String? in
            guard let topic = letter["topic"] as? String, let partition = letter["partition"] as? Int,
                let offset = letter["offset"] as? UInt64
            else { return nil }
            return "\(topic)/\(partition)/\(offset)"
        }
        #expect(expected.subtracting(places).isEmpty && Set(places).count == places.count)
        #expect(try scene.letterRecords(in: home) == found.count, "in the topic each is once, too")
        let all = (poisons.count + 19) / 20 + 1
        try await eventually("the mail after it came") { recipient.output.split(separator: "\n").count == all }
        #expect(scene.cluster.workers.allSatisfy { $0.pid != nil }, "and no worker ended")
        _ = await recipient.stop()
        await log.close()
    }

    private func aRebuildUnderLoadLosesNothing(_ scene: Scene) async throws {
        let before = try await scene.deadLetters().count
        let recipient = try scene.poste.start("receive", "--as", bob, "--follow", "--json")
        async let sent: Void = {
            for number in 0..<12 { try await scene.send(alice, bob, "during the rebuild \(number)") }
        }()
        for _ in 0..<3 {
            let rebuilt = try await scene.poste.run(
                "rebuild", "--kafka", scene.servers, "--redis", scene.cluster.redis?.url ?? "")
            #expect(rebuilt.status == 0, "\(rebuilt.errors)")
            #expect(rebuilt.output.contains("\(partitions) folded again in"), "\(rebuilt.output)")
        }
        try await sent
        try await eventually("all came") { recipient.output.split(separator: "\n").count == 12 }
        try await Task.sleep(for: .seconds(1))
        #expect(recipient.output.split(separator: "\n").count == 12, "none twice")
        #expect(try await scene.deadLetters().count == before, "and nothing was set aside again")
        _ = await recipient.stop()
    }
}

/// Asks again and again, until the answer is yes.
private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < limit else { throw Poste.Failure("never happened: \(what)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// A client of Kafka that has nothing to do with this program.
private struct Kcat: Sendable {
    let servers: String

    static let isThere: Bool = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let found = folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/kcat") }
        if !found {
            FileHandle.standardError.write(
                Data("\n*** SKIPPED: tests of foreign clients\nkcat not in PATH: apt-get install kcat\n\n".utf8))
        }
        return found
    }()

    /// Produces one message.
    func produce(_ text: String, to topic: String, _ options: [String]) throws {
        _ = try run(["-P", "-t", topic, "-X", "acks=all"] + options, input: text)
    }

    /// All messages of a topic, each formatted.
    func consume(_ topic: String, _ options: [String], format: String) throws -> [String] {
        let text = try run(["-C", "-t", topic, "-e", "-q", "-o", "beginning", "-f", format] + options, input: "")
        return text.split(separator: "\n").map(String.init)
    }

    private func run(_ arguments: [String], input: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["kcat", "-b", servers] + arguments
        let (from, to) = (Pipe(), Pipe())
        process.standardInput = to
        process.standardOutput = from
        try process.run()
        to.fileHandleForWriting.write(Data(input.utf8))
        try to.fileHandleForWriting.close()
        let output = String(decoding: from.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Poste.Failure("kcat \(arguments.joined(separator: " ")) failed")
        }
        return output
    }
}
