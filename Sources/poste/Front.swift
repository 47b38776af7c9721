import FrontWorker
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
                default: "that of --listen"),
            Option("kms", .value("HOST:PORT"), "the KMS", default: "127.0.0.1:7400"),
            Option(
                "account", .value("FILE"), "the domain's account at the KMS", default: "DOMAIN.account of the cluster"),
            .domains,
        ] + Option.stores + ServiceOptions.all
    ) { arguments in
        let options = try ServiceOptions(arguments, component: "front")
        let address = try arguments.address("listen", default: "127.0.0.1:7401")
        let push = try arguments.address("push-listen", default: RPCAddress(host: address.host, port: 0).description)
        let roles = Roles(options: options)
        let stores = try await roles.stores()
        let front = try await roles.front(
            address, push: push, advertised: arguments.value("advertise") ?? address.host,
            kms: try arguments.address("kms", default: "127.0.0.1:7400"), domains: try arguments.domainNames(),
            account: arguments.value("account"), stores: stores)
        try await runUntilStopped([
            { await front.run() },
            {
                try await front.waitUntilReady()
                try options.announce(
                    "front",
                    ["front": RPCAddress(host: address.host, port: front.port).description,
                        "push": RPCAddress(host: push.host, port: front.pushPort).description])
                try await Task.sleep(for: .seconds(1 << 40))
            },
        ])
        await stores.close()
    }
}
