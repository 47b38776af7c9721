import Foundation
import LocalCluster

/// A run: load, faults by a schedule, and then the question whether everything that was promised was kept.
package struct ChaosRun: Sendable {
    /// What a run is told.
    package struct Settings: Sendable {
        /// What schedule and load are made from.
        package var seed: UInt64
        /// How long faults are done, in milliseconds.
        package var lengthMs: Int
        /// Where everything goes: the cluster into `cluster`, beside it people's profiles and the record.
        package var folder: String
        /// The path of the `poste` command.
        package var executable: String
        /// Security level of the KMS's parameters; the test level, so that two cores carry the load.
        package var level = 1024
        /// What kinds of faults are done.
        package var kinds = FaultKind.allCases
        /// What faults are done, one after the other, however long that takes; empty for a schedule that the seed makes.
        package var faults: [Fault] = []
        /// What Redis is: of a kind that has replicas.
        package var redis = LocalClusterConfiguration.Redis.replicated
        /// Hears a line for each thing that happens.
        package var tell: @Sendable (String) -> Void = { FileHandle.standardOutput.write(Data(($0 + "\n").utf8)) }
        /// How long what was promised may take to arrive when all faults are over.
        package var settleLimit = Duration.seconds(120)

        package init(seed: UInt64, lengthMs: Int, folder: String, executable: String) {
            self.seed = seed
            self.lengthMs = lengthMs
            self.folder = folder
            self.executable = executable
        }
    }

    let settings: Settings
    let cluster: LocalCluster
    private let shape = ClusterShape()

    /// Starts a cluster, runs, and ends the cluster. Throws where the cluster does not start or the load cannot begin.
    package static func run(_ settings: Settings) async throws -> Report {
        let shape = ClusterShape()
        let folder = settings.folder + "/cluster"
        let smallDisk = try SmallDisk(at: "\(folder)/kafka/\(shape.brokerOfSmallDisk + 1)")
        defer { smallDisk.remove() }
        var configuration = LocalClusterConfiguration(executable: settings.executable, folder: folder)
        configuration.brokers = .started(shape.brokers, settings: LocalClusterConfiguration.foundDeadSoon)
        configuration.redis = settings.redis
        configuration.fronts = shape.fronts
        configuration.workers = shape.workers
        configuration.level = settings.level
        configuration.partitions = 6
        let cluster = try await LocalCluster.start(configuration, progress: settings.tell)
        let result: Result<Report, any Error>
        do {
            result = .success(try await ChaosRun(settings: settings, cluster: cluster).run(smallDisk))
        } catch {
            result = .failure(error)
        }
        await cluster.stop()
        return try result.get()
    }

    private func run(_ smallDisk: SmallDisk) async throws -> Report {
        let schedule =
            settings.faults.isEmpty
            ? Schedule(seed: settings.seed, lengthMs: settings.lengthMs, shape: shape, kinds: settings.kinds)
            : Schedule(settings.faults, seed: settings.seed)
        settings.tell("\(schedule)")
        try await letRedisWriteAllDown()
        let journal = try Journal(file: settings.folder + "/record.jsonl")
        let contents = try ContentMaker(seed: settings.seed)
        let crowd = try await Crowd(
            contents: contents, journal: journal, seed: settings.seed, domain: "example.com", home: settings.folder,
            endpoints: .file(cluster.endpointsPath), token: try enrolmentToken())
        let maker = FaultMaker(cluster: cluster, smallDisk: smallDisk)
        let tell: @Sendable (String) -> Void = { [tell = settings.tell] line in
            tell("\(Self.seconds(journal.nowMs)) \(line)")
        }
        let done = await withTaskGroup(of: Void.self) { group in
            group.addTask { await crowd.receive() }
            async let sending: Void = crowd.send()
            let performance = Performance(schedule: schedule, maker: maker, journal: journal, tell: tell)
            let done = await performance.run()
            // What the last fault has done shows under load.
            try? await Task.sleep(for: .milliseconds(FaultKind.recoveryMs))
            crowd.endSending()
            await sending
            tell("nobody sends any more")
            await settle(journal)
            tell("nobody fetches any more")
            group.cancelAll()
            return done
        }
        return await judge(journal, contents, done, tell)
    }

    /// Waits until all that was promised has come, and then whether more comes.
    private func settle(_ journal: Journal) async {
        let end = ContinuousClock.now + settings.settleLimit
        while ContinuousClock.now < end {
            let verdict = Verdict(journal.entries)
            if verdict.lost.isEmpty, verdict.receiptsMissing.isEmpty { break }
            try? await Task.sleep(for: .milliseconds(500))
        }
        // Those who come and go must have been there again.
        try? await Task.sleep(for: .seconds(10))
    }

    /// Lets Redis write each change into its file as it is, so that the search for plaintext sees all that it ever held.
    private func letRedisWriteAllDown() async throws {
        for server in cluster.redis?.servers ?? [] {
            try await server.command("CONFIG", "SET", "aof-use-rdb-preamble", "no")
            try await server.command("CONFIG", "SET", "rdbcompression", "no")
            try await server.command("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
            try await server.command("CONFIG", "REWRITE")
        }
    }

    private func enrolmentToken() throws -> String {
        try String(contentsOf: URL(fileURLWithPath: cluster.enrolmentTokenPath), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func judge(
        _ journal: Journal, _ contents: ContentMaker, _ done: [DoneFault], _ tell: @Sendable (String) -> Void
    ) async -> Report {
        let entries = journal.entries
        let verdict = Verdict(entries)
        let silences = Silences(entries)
        let table = FaultSilence.table(of: done, silences)
        let orphans = await orphans()
        let finding = search(contents)
        tell(
            "looked for plaintext in \(finding.filesRead) files of the cluster, \(finding.octetsRead >> 20) MiB, and for orphans in Redis")
        settings.tell("silences in ms around each fault, of senders and recipients (+: overlapping)")
        for line in table {
            settings.tell(
                "\(padded(line.senderMs)) \(padded(line.recipientMs))  \(line.fault.scheduled.isSingle ? " " : "+") "
                    + "\(line.fault.scheduled.number). \(line.fault.scheduled.fault)"
                    + (line.fault.trouble.map { ": \($0)" } ?? ""))
        }
        for (name, items) in [
            ("lost", verdict.lost.map(\.description)), ("repeated", verdict.repeated.map(\.description)),
            ("disordered", verdict.disordered.map(\.description)), ("misattributed", verdict.misattributed),
            ("refused", verdict.refused), ("delivery receipt missing", verdict.receiptsMissing),
            ("delivery receipt wrong", verdict.receiptsWrong), ("plaintext", finding.files), ("orphan", orphans)
        ] {
            for item in items.prefix(20) { settings.tell("\(name): \(item)") }
        }
        let unreceipted = entries.count { if case .failed(let writing, _, _) = $0 { !writing.author.isEmpty } else { false } }
        return Report(
            seed: settings.seed, verdict: verdict, table: table, silences: silences, plaintextFound: finding.files.count,
            orphans: orphans.count, unreceipted: unreceipted)
    }

    /// What in Redis nothing explains. The view may need a moment to have folded the last records.
    private func orphans() async -> [String] {
        let end = ContinuousClock.now + .seconds(20)
        var orphans: [String]
        repeat {
            do {
                guard let redis = cluster.redis, let brokers = cluster.brokers else { return ["no Redis to scan"] }
                let log = try await LogState(readFrom: brokers.bootstrapServers)
                var keys: [ScannedKey] = []
                for primary in try await redis.primaries() { keys += try await RedisControl(port: primary.port).scan() }
                let positions = keys.count { $0.name.suffix(9).elementsEqual(":position".utf8) }
                orphans = Keyspace(partitions: cluster.configuration.partitions, log: log).orphans(among: keys)
                if positions == 0 { orphans.append("there is no position: no view was scanned") }
            } catch {
                orphans = ["Redis and the log cannot be compared: \(error)"]
            }
            if orphans.isEmpty { break }
            try? await Task.sleep(for: .seconds(1))
        } while ContinuousClock.now < end
        return orphans
    }

    /// Searches the cluster's files. Where it does not find a recipient's own copy it finds nothing at all.
    private func search(_ contents: ContentMaker) -> PlaintextHunt.Finding {
        let hunt = PlaintextHunt(contents.needles)
        var finding = hunt.files(below: cluster.folder.path)
        if hunt.files(below: settings.folder, leavingOut: [cluster.folder.path]).files.isEmpty {
            finding.files.append("the search does not work: it does not find what lies in the inboxes")
        }
        return finding
    }

    private static func seconds(_ milliseconds: Int) -> String {
        "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }

    private func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, 7 - text.count)) + text
    }
}
