import DeliveryWorker
import Foundation
import FrontWorker
import IdentityBasedEncryption
import KeyManagementClient
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC
import Synchronization
import TestStore

/// A whole mailbox in this process: a KMS, a store of its own, fronts and delivery workers over TLS on loopback.
package final class TestCluster: Sendable {
    package static let wallClock = UTCTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))
    package static let authority = Result { try CertificateAuthority(commonName: "Test authority", now: wallClock) }

    package let clock = TestClock()
    package let keys: TestKeyService
    package let store: TestStore
    package let logged = Mutex<[String]>([])
    private let kms: RPCServer
    package let seal: SessionSeal
    private let running = Mutex<[any Stoppable]>([])

    private init(partitions: Int) async throws {
        let clock = self.clock
        keys = try TestKeyService(domains: ["post.example"], clock: clock)
        store = try await TestStore.make(partitions: partitions) { clock.now }
        kms = try RPCServer(
            RPCServerConfiguration(
                host: "127.0.0.1", port: 0,
                security: .tls(RPCCertificate(Self.credentials("kms")), clients: .none)),
            services: [.keyManagement(keys)])
        seal = SessionSeal(current: try SessionSeal.Key(id: 1, secret: SecretBytes([UInt8](repeating: 7, count: 32))))
    }

    /// Runs a test with a cluster of so many fronts and delivery workers, and ends all of it afterwards.
    package static func run(
        fronts: Int = 1, deliveryWorkers: Int = 1, partitions: Int = 2,
        limits: FrontLimits = testLimits, _ body: (TestCluster) async throws -> Void
    ) async throws {
        let cluster = try await TestCluster(partitions: partitions)
        let result: Result<Void, any Error>
        do {
            for _ in 0..<fronts { _ = try await cluster.startFront(limits) }
            for _ in 0..<deliveryWorkers { _ = try cluster.startDelivery() }
            result = .success(try await body(cluster))
        } catch {
            result = .failure(error)
        }
        for part in cluster.running.withLock({ $0 }).reversed() { await part.stop() }
        await cluster.kms.shutdown(grace: .seconds(1))
        await cluster.store.close()
        try result.get()
    }

    /// The defaults, with short leases.
    package static var testLimits: FrontLimits {
        var limits = FrontLimits()
        limits.lease = .seconds(3)
        return limits
    }

    /// Those defaults with a change.
    package static func limits(_ change: (inout FrontLimits) -> Void) -> FrontLimits {
        var limits = testLimits
        change(&limits)
        return limits
    }

    package static func credentials(_ name: String, uris: [String] = []) throws -> TLSCredentials {
        try authority.get().issue(commonName: name, hosts: ["127.0.0.1"], uris: uris, now: wallClock)
    }

    package var fronts: [TestFront] { running.withLock { $0.compactMap { $0 as? TestFront } } }

    /// Another front, ready to serve; or one that does not reach its KMS.
    package func startFront(
        _ limits: FrontLimits = testLimits, ready: Bool = true, log: (any MailLog)? = nil,
        sessions: (any SessionStore)? = nil, sessionKeys: (any SessionKeys)? = nil,
        view: (any MailboxView)? = nil
    ) async throws -> TestFront {
        let roots = try Self.authority.get().certificatePEM
        let clock = self.clock
        var configuration = FrontConfiguration(
            host: "127.0.0.1", port: 0, pushPort: 0, advertisedHost: "127.0.0.1",
            credentials: try Self.credentials("front"), rootsPEM: roots, now: { clock.now })
        configuration.limits = limits
        let channel = try RPCChannel(
            RPCChannelConfiguration(host: "127.0.0.1", port: ready ? kms.port : 1, security: .tls(rootsPEM: roots)))
        let client = KeyManagementClient(channel: channel, credentials: keys.credentials, acceptsTestLevel: true)
        let worker = try FrontWorker(
            configuration, mailLog: log ?? store.mailLog, view: view ?? store.view, sessions: sessions ?? store.sessions,
            keys: sessionKeys ?? seal,
            accounts: keys.domains.map { try MailboxAccount(domain: $0, client: client) }, log: self.log("front"))
        let front = try TestFront(worker, rootsPEM: roots)
        running.withLock { $0.append(front) }
        if ready { try await worker.waitUntilReady() }
        return front
    }

    /// Another delivery worker.
    package func startDelivery(
        log: (any MailLog)? = nil, view: (any MailboxView)? = nil,
        _ change: (inout DeliveryConfiguration) -> Void = { _ in }
    ) throws -> TestDelivery {
        let clock = self.clock
        var configuration = DeliveryConfiguration(
            credentials: try Self.credentials("delivery", uris: ["poste:delivery-worker"]),
            rootsPEM: try Self.authority.get().certificatePEM, now: { clock.now })
        configuration.expiryInterval = .milliseconds(20)
        change(&configuration)
        let delivery = TestDelivery(
            DeliveryWorker(
                mailLog: log ?? store.mailLog, view: view ?? store.view, configuration: configuration, log: self.log("deliver")))
        running.withLock { $0.append(delivery) }
        return delivery
    }

    /// A contact of somebody, stopped with the cluster.
    package func startContact(
        _ person: Person, manner: TestContact.Manner = .right, port: Int = 0
    ) throws -> TestContact {
        let contact = try TestContact(person, manner: manner, port: port)
        running.withLock { $0.append(contact) }
        return contact
    }

    /// Says in the log that somebody can be dialled, as an operator may.
    package func announce(_ person: Person, at contact: String?, isOpen: Bool = true) async throws {
        try await store.mailLog.append(
            PresenceEvent(entity: person.identity, isOpen: isOpen, contact: contact))
    }

    private func log(_ component: String) -> Log {
        Log(component: component, level: .debug) { [self] line in logged.withLock { $0.append(line) } }
    }

    /// How many lines of the log hold the text.
    package func logCount(_ text: String) -> Int {
        logged.withLock { $0.reduce(0) { $0 + ($1.contains(text) ? 1 : 0) } }
    }

    package func person(_ user: String, domain: String = "post.example") throws -> Person {
        Person(try Identity("sip:\(user)@\(domain)"), self)
    }
}

/// A part of the cluster that can be stopped.
package protocol Stoppable: AnyObject, Sendable {
    func stop() async
}

/// A front, and a connection to it.
package final class TestFront: Stoppable {
    package let worker: FrontWorker
    package let channel: RPCChannel
    private let task: Task<Void, Never>

    init(_ worker: FrontWorker, rootsPEM: String) throws {
        self.worker = worker
        channel = try RPCChannel(
            RPCChannelConfiguration(host: "127.0.0.1", port: worker.port, security: .tls(rootsPEM: rootsPEM)))
        task = Task { await worker.run() }
    }

    /// Stops it as an operator does.
    package func stop() async {
        task.cancel()
        await task.value
    }
}

/// A delivery worker.
package final class TestDelivery: Stoppable {
    package let worker: DeliveryWorker
    private let task: Task<Void, any Error>

    init(_ worker: DeliveryWorker) {
        self.worker = worker
        task = Task { try await worker.run() }
    }

    package func stop() async {
        task.cancel()
        _ = await task.result
    }

    /// Waits until it ends by itself, and says with what error.
    package var end: (any Error)? {
        get async {
            do {
                try await task.value
                return nil
            } catch {
                return error
            }
        }
    }
}

extension TestCluster {
    /// A deposit or receipt, once the view has it.
    @discardableResult
    package func waitFor(_ key: DepositKey) async throws -> PendingDeposit {
        let partition = store.mailLog.partition(of: key)
        var found: PendingDeposit?
        try await eventually("the view has the deposit") {
            found = try await store.view.deposit(key, partition: partition)
            return found != nil
        }
        guard let found else { throw NeverHappened(description: "the view has the deposit") }
        return found
    }

    /// Waits until the view has a deposit no more.
    package func waitUntilGone(_ key: DepositKey) async throws {
        let partition = store.mailLog.partition(of: key)
        try await eventually("the deposit is over") {
            try await store.view.deposit(key, partition: partition) == nil
        }
    }

    /// All records of the envelopes and presence topics of a mailbox's partition, in the order of each topic.
    package func records(ofPartitionOf mailbox: Identity) async throws -> [StoredRecord] {
        try await records(of: Partitioner.partition(of: mailbox, count: store.mailLog.partitionCount))
    }

    /// The same of all partitions.
    package func records() async throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        for partition in 0..<store.mailLog.partitionCount { records += try await self.records(of: partition) }
        return records
    }

    private func records(of partition: Int) async throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        var position = LogPosition()
        while true {
            let batch = try await store.mailLog.read(
                partition: partition, from: position, limit: PageLimit(count: 1000), waitingUpTo: .zero)
            // A log may have a record of its own, its name.
            records += batch.records.filter { $0.topic != .envelopes || !isName($0.record) }
            guard !batch.reachesEnd else { return records }
            position = batch.next
        }
    }

    private func isName(_ record: LogRecord) -> Bool {
        if case .logName? = try? EnvelopeRecord(record) { true } else { false }
    }
}
