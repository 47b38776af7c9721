import Foundation
import FrontWorker
import MeasuredStores
import RPC

extension Command {
    /// `poste front`
    static let front = Command(
        name: "front", summary: "run a front worker: handshakes, deposits, recipients' streams", synopsis: "",
        words: 0...0,
        discussion: """
            Answers for the mailboxes of a domain. It keeps no state of its own: run as many as you like on one store, and any
            of them takes any message. Its keys come from the KMS, whose account for the domain it makes at its first start.
            """,
        examples: [
            ("poste front", "serve example.com on 127.0.0.1:7401, with the KMS at 127.0.0.1:7400"),
            ("poste front --listen 127.0.0.1:0 --push-listen 127.0.0.1:0", "a second one, on free ports"),
            (
                "poste front --listen 0.0.0.0:7401 --advertise front1 --kafka broker1:9092 --redis redis://redis1,redis2",
                "one of many, in a cluster"
            ),
        ],
        options: [
            Option("listen", .value("HOST:PORT"), "where senders and recipients call", default: "127.0.0.1:7401"),
            Option(
                "push-listen", .value("HOST:PORT"), "where delivery workers call, over mutual TLS",
                default: "the same host, any free port"),
            Option(
                "advertise", .value("HOST"), "the host under which delivery workers reach this front",
                default: "that of --listen; the machine's name where that is 0.0.0.0"),
            Option("kms", .value("HOST:PORT"), "the KMS", default: "127.0.0.1:7400"),
            Option(
                "account", .value("FILE"), "the domain's account at the KMS", default: "DOMAIN.account of the cluster"),
            .clusterKey, .domains,
        ] + Option.frontLimits + Option.stores + ServiceOptions.all
    ) { arguments in
        let options = try ServiceOptions(arguments, component: "front")
        let address = try arguments.address("listen", default: "127.0.0.1:7401")
        let push = try arguments.address("push-listen", default: RPCAddress(host: address.host, port: 0).description)
        let limits = try FrontLimits(arguments)
        let roles = Roles(options: options)
        let admin = try Admin(options, role: "front", waitingFor: ["keys"] + StoreProbe.parts)
        let (stores, probe) = admin.measured(try await roles.stores(), probesSessions: true)
        let keys = try roles.clusterKeys(file: arguments.value("cluster-key"))
        let front = try await roles.front(
            address, push: push, advertised: arguments.value("advertise") ?? address.reachableHost,
            kms: try arguments.address("kms", default: "127.0.0.1:7400"), domains: try arguments.domainNames(),
            account: arguments.value("account"), stores: stores, keys: keys,
            limits: limits)
        let host = address.reachableHost
        admin.setName(RPCAddress(host: arguments.value("advertise") ?? host, port: front.port).description)
        try await options.runUntilStopped([
            { await front.run() },
            { await keys.watch() },
            { await probe.run() },
            { await admin.run() },
            {
                try await front.waitUntilReady()
                admin.readiness.ready("keys")
                try options.announce(
                    "front",
                    ["front": RPCAddress(host: address.host, port: front.port).description,
                        "push": RPCAddress(host: push.host, port: front.pushPort).description
                    ].merging(admin.address) { first, _ in first })
                try await Task.sleep(for: .seconds(1 << 40))
            },
        ])
        await stores.close()
        admin.stop()
    }
}

extension RPCAddress {
    /// The host under which others reach who listens here: a machine's name where it listens on all its addresses.
    var reachableHost: String {
        guard ["0.0.0.0", "::"].contains(host) else { return host }
        // The name as the machine has it: DNS may call it otherwise, or not know it.
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return host }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
