import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Primitives
import RPC
import StoreBehaviour
import Synchronization
import TestCluster
import Testing

@Suite(.serialized) struct StormTests {
    @Test func tenThousandEventsAreAbsorbedWithinTheLimits() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 4) { cluster in
            let log = cluster.store.mailLog
            let front = try FakeFront()
            let people = try (0..<10_000).map { try Identity("sip:user\($0)@storm.example") }
            let mailbox = try Identity("sip:mailbox@storm.example")
            let now = cluster.clock.now
            // Everybody has mail; one in ten has a stream, the others can be dialled.
            try await append(people, in: cluster) { recipient, number in
                let mail = SampleMail(
                    from: mailbox, to: recipient, seed: UInt64(number), lifetime: 86_400)
                return EnvelopeRecord.envelope(try mail.envelope(receivedAt: now)).record
            }
            try await log.append(
                RouteRenewal(
                    front: front.address, leaseMs: 3_600_000,
                    open: [.init(entity: mailbox, stream: try StreamID(octets: [1]), openedAt: now)]))
            let delivery = try cluster.startDelivery {
                $0.startsAtATime = 32
                $0.dialsAtATime = 16
            }
            try await eventually("the mail is folded") { delivery.worker.counts.fold.folded > 10_000 }
            let streams = try people.enumerated().filter { $0.offset % 10 == 0 }.map {
                RouteRenewal.Stream(
                    entity: $0.element, stream: try StreamID(octets: Array("\($0.offset)".utf8)), openedAt: now)
            }
            let events = try people.enumerated().filter { $0.offset % 10 != 0 }.map {
                try PresenceEvent(
                    entity: $0.element, isOpen: true, contact: "192.0.2.7:\($0.offset + 1)", timestamp: now)
            }
            try await log.append(events)
            try await log.append(events)
            try await log.append(RouteRenewal(front: front.address, leaseMs: 3_600_000, open: streams))
            // Somebody who comes in the midst of it does not wait for its end.
            let latecomer = RouteRenewal.Stream(
                entity: people[1], stream: try StreamID(octets: [9]), openedAt: now.advanced(byMilliseconds: 1))
            try await log.append(RouteRenewal(front: front.address, leaseMs: 3_600_000, open: [latecomer]))
            let start = ContinuousClock.now
            try await eventually("he gets his mail") { front.pushed.withLock { $0.contains(people[1].octets) } }
            #expect(.now - start < .seconds(10))
            try await eventually("everybody was dialled or pushed to") {
                front.dialled.withLock { $0.count } >= 8999 && front.pushed.withLock { $0.count } == 1001
            }
            let counts = delivery.worker.counts
            #expect(counts.fold.repeatedPresence == 9000)
            #expect(front.mostDials.withLock { $0 } <= 16, "\(front.mostDials.withLock { $0 })")
            #expect(front.dialled.withLock { $0.values.max() } ?? 0 <= 4, "nobody is dialled again and again")
            await delivery.stop()
            await front.stop()
        }
    }

    @Test func anOwnerThatBeginsPushesToThoseWithMailAndNotFirstIntoAllIdleStreams() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let log = cluster.store.mailLog
            let front = try FakeFront()
            let people = try (0..<200).map { try Identity("sip:user\($0)@storm.example") }
            let now = cluster.clock.now
            for number in 0..<10 {
                let mail = SampleMail(
                    from: people[199], to: people[number], seed: UInt64(number), lifetime: 86_400)
                try await log.append(try mail.envelope(receivedAt: now))
            }
            let streams = try people.enumerated().map {
                RouteRenewal.Stream(
                    entity: $0.element, stream: try StreamID(octets: Array("\($0.offset)".utf8)), openedAt: now)
            }
            try await log.append(RouteRenewal(front: front.address, leaseMs: 3_600_000, open: streams))
            let first = try cluster.startDelivery()
            try await eventually("all have a push") { front.opened.withLock { $0 } == 200 }
            await first.stop()
            front.opened.withLock { $0 = 0 }
            front.pushed.withLock { $0 = [] }
            let second = try cluster.startDelivery()
            try await eventually("those with mail have it") { front.pushed.withLock { $0.count } == 10 }
            // Longer than a storm is spread.
            try await Task.sleep(for: .milliseconds(1500))
            #expect(front.opened.withLock { $0 } == 10)
            await second.stop()
            await front.stop()
        }
    }

    /// Appends a record for each mailbox to the envelopes of its partition.
    private func append(
        _ people: [Identity], in cluster: TestCluster, _ record: (Identity, Int) throws -> LogRecord
    ) async throws {
        let count = cluster.store.mailLog.partitionCount
        var batches = [[LogRecord]](repeating: [], count: count)
        for (number, person) in people.enumerated() {
            batches[Partitioner.partition(of: person, count: count)].append(try record(person, number))
        }
        for (partition, batch) in batches.enumerated() {
            for start in stride(from: 0, to: batch.count, by: 500) {
                let part = Array(batch[start..<min(start + 500, batch.count)])
                _ = try await cluster.store.mailLog.append(part, to: .envelopes, partition: partition)
            }
        }
    }

    @Test func malformedFutureAndStaleEventsAreCounted() async throws {
        try await TestCluster.run(deliveryWorkers: 0, partitions: 1) { cluster in
            let bob = try cluster.person("bob")
            let log = cluster.store.mailLog
            let delivery = try cluster.startDelivery()
            func event(_ ms: Int64) throws -> PresenceEvent {
                try PresenceEvent(
                    entity: bob.identity, isOpen: true, timestamp: TestClock.start.advanced(byMilliseconds: ms))
            }
            for ms in [0, 0, -1, 3_600_000] as [Int64] { try await log.append(try event(ms)) }
            _ = try await log.append(
                [LogRecord(key: nil, value: Array("{".utf8))], to: .presence, partition: 0)
            try await eventually("all are counted") {
                let counts = delivery.worker.counts
                return counts.fold.repeatedPresence == 1 && counts.fold.stalePresence == 1
                    && counts.fold.futurePresence == 1 && counts.malformedPresence == 1
            }
            await delivery.stop()
            #expect(cluster.logCount("future_presence=1") == 1, "said once more at the end")
        }
    }
}

/// A front by hand: says of every push that it takes it, and dials nobody.
final class FakeFront: PushHandlers {
    private let takesPushes: Bool
    /// Who was pushed to.
    let pushed = Mutex<Set<[UInt8]>>([])
    /// How many pushes were begun.
    let opened = Mutex(0)
    /// Who was to be dialled, and how often.
    let dialled = Mutex<[[UInt8]: Int]>([:])
    let mostDials = Mutex(0)
    private let dials = Mutex(0)
    private let server = Mutex<RPCServer?>(nil)

    init(takesPushes: Bool = true) throws {
        self.takesPushes = takesPushes
        var configuration = RPCServerConfiguration(
            host: "127.0.0.1", port: 0,
            security: .tls(
                try RPCCertificate(TestCluster.credentials("front")),
                clients: .required(rootsPEM: try TestCluster.authority.get().certificatePEM)))
        configuration.maxCallsPerConnection = configuration.maxStreams
        let made = try RPCServer(configuration, services: [.push(self)])
        server.withLock { $0 = made }
    }

    var address: String { "127.0.0.1:\(server.withLock { $0?.port } ?? 0)" }

    func stop() async { await server.withLock { $0 }?.shutdown(grace: .zero) }

    func push(
        _ requests: Requests<PushRequest>, _ responses: Responses<PushResponse>, _ context: RPCContext
    ) async throws {
        guard takesPushes else { return try await Task.sleep(for: .seconds(60)) }
        opened.withLock { $0 += 1 }
        try await responses.send(PushResponse(.ready(PushReady())))
        while let request = try await requests.next() {
            guard case .deposit(let deposit) = request.part else { continue }
            let mailbox = try Envelope(octets: deposit.envelope).mailbox
            _ = pushed.withLock { $0.insert(mailbox.octets) }
        }
    }

    func dial(_ request: DialRequest, _ context: RPCContext) async throws -> DialResponse {
        let now = dials.withLock { count in
            count += 1
            return count
        }
        mostDials.withLock { $0 = max($0, now) }
        dialled.withLock { $0[request.recipient, default: 0] += 1 }
        try await Task.sleep(for: .milliseconds(5))
        dials.withLock { $0 -= 1 }
        return DialResponse(outcome: .unreachable, reason: "nobody there")
    }
}
