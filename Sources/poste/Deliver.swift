import DeliveryWorker

extension Command {
    /// `poste deliver`
    static let deliver = Command(
        name: "deliver", summary: "run a delivery worker: pushes mail to recipients who are there", synopsis: "",
        words: 0...0,
        discussion: """
            Folds the log into the view of the mailboxes, pushes what waits to recipients whose streams the fronts hold, lets
            expire what is overdue, and makes delivery receipts. It keeps nothing: stop and start it as you like.
            """,
        examples: [
            ("poste deliver", "work on the store in ~/.poste/dev"),
            ("poste deliver --kafka broker1:9092,broker2:9092 --redis redis://redis1,redis2", "one of many, in a cluster"),
        ],
        options: [
            Option(
                "compaction-lag", .value("TIME"), "how long after the last acknowledgement a quiet partition is compacted",
                default: "1h"),
            Option(
                "front-name", .value("NAME"), "the host that every front's certificate has", default: "the one it is reached at"),
            Option(
                "dials", .value("N"), "how many contacts are dialled at a time; 0 dials none", default: "64"),
            Option(
                "starts", .value("N"), "how many recipients are looked up at a time when many can be reached at once",
                default: "64"),
        ] + Option.stores + ServiceOptions.all
    ) { arguments in
        let options = try ServiceOptions(arguments, component: "deliver")
        let roles = Roles(options: options)
        let lag = try arguments.seconds("compaction-lag", default: 3600)
        let dials = try arguments.number("dials", in: 0...100_000, default: 64)
        let starts = try arguments.number("starts", in: 1...100_000, default: 64)
        let admin = try Admin(options, role: "deliver", waitingFor: ["log", "view"])
        let (stores, probe) = admin.measured(try await roles.stores(), probesSessions: false)
        let worker = try roles.delivery(stores: stores) { configuration in
            configuration.frontName = arguments.value("front-name")
            configuration.compactionLagMs = Int64(lag) * 1000
            configuration.dialsAtATime = dials
            configuration.startsAtATime = starts
        }
        try options.announce("deliver", admin.address)
        try await options.runUntilStopped([{ try await worker.run() }, { await probe.run() }, { await admin.run() }])
        await stores.close()
        admin.stop()
    }
}
