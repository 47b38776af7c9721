import Foundation
import FrontWorker
import MeasuredStores
import RPC
import WorkPool

extension Command {
    /// `poste dev`
    static let dev = Command(
        name: "dev", summary: "run all roles in one process on the embedded store", synopsis: "", words: 0...0,
        discussion: """
            A whole Poste Restante for one machine: KMS, front and delivery worker, with log, view and sessions in one SQLite
            file. What it said it has stored it has: stop or kill it at any time, and start it again. Its first start makes
            public parameters, which takes some seconds.

            The KMS and the mailboxes in one hand can read the mail. This is for trying, testing and small trusted places.
            """,
        examples: [
            ("poste dev", "serve example.com on 127.0.0.1"),
            ("poste dev --domain mail.example --front-listen 0.0.0.0:7401", "another domain, reachable from outside"),
        ],
        options: [
            Option("kms-listen", .value("HOST:PORT"), "where the KMS serves", default: "127.0.0.1:7400"),
            Option("front-listen", .value("HOST:PORT"), "where the front serves", default: "127.0.0.1:7401"),
            .domains,
            Option("level", .value("BITS"), "security level of new parameters: 2048, 3072, 7680", default: "3072"),
        ] + Option.frontLimits + ServiceOptions.all
    ) { arguments in
        let options = try ServiceOptions(arguments, component: "dev")
        let limits = try FrontLimits(arguments)
        let roles = Roles(options: options)
        let domains = try arguments.domainNames()
        let kmsAddress = try arguments.address("kms-listen", default: "127.0.0.1:7400")
        let frontAddress = try arguments.address("front-listen", default: "127.0.0.1:7401")
        let admin = try Admin(options, role: "dev", waitingFor: ["keys"] + StoreProbe.parts)
        let (stores, probe) = admin.measured(try await roles.stores(), probesSessions: true)
        let state = try await roles.keyManagementState(domains: domains, level: try arguments.securityLevel())
        let kms = try roles.keyManagement(state, at: kmsAddress)
        let kmsServed = RPCAddress(host: kmsAddress.host, port: kms.port)
        let keys = try roles.clusterKeys(file: nil)
        let front = try await roles.front(
            frontAddress, push: RPCAddress(host: "127.0.0.1", port: 0), advertised: "127.0.0.1", kms: kmsServed,
            domains: domains, account: nil, stores: stores, keys: keys, limits: limits,
            reclaim: { mailbox in try await onThread { _ = try state.removeAccount(of: mailbox, now: wallClock()) } })
        let worker = try roles.delivery(stores: stores)
        let frontServed = RPCAddress(host: frontAddress.host, port: front.port)
        admin.setName(frontServed.description)
        try await options.runUntilStopped([
            { await front.run() },
            { await keys.watch() },
            { try await worker.run() },
            { await probe.run() },
            { await admin.run() },
            {
                try await front.waitUntilReady()
                admin.readiness.ready("keys")
                try options.folder.writeEndpoints(kms: kmsServed, fronts: [frontServed], admin: admin.address["admin"])
                let served = ["kms": kmsServed.description, "front": frontServed.description]
                try options.announce("dev", served.merging(admin.address) { first, _ in first })
                try await Task.sleep(for: .seconds(1 << 40))
            },
        ])
        await kms.shutdown()
        await stores.close()
        admin.stop()
    }
}

extension ClusterFolder {
    /// Says where everything listens, for `poste enroll`, profiles made by it, and `poste top`.
    func writeEndpoints(kms: RPCAddress, fronts: [RPCAddress], admin: String?) throws {
        let endpoints = Endpoints(
            kms: kms.description, fronts: fronts.map(\.description), roots: path("ca.pem"),
            enrolmentToken: enrolmentTokenPath, admin: admin)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try write("endpoints.json", Array(try encoder.encode(endpoints)))
    }

    private struct Endpoints: Codable {
        var kms: String
        var fronts: [String]
        var roots: String
        var enrolmentToken: String
        /// Where the page of the cluster is.
        var admin: String?

        enum CodingKeys: String, CodingKey { case kms, fronts, roots, admin, enrolmentToken = "enrolment_token" }
    }
}
