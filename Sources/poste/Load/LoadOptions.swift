import Foundation
import LoadGenerator
import MailboxClient

/// What `poste load` was told.
struct LoadOptions: Sendable {
    var plan = LoadPlan()
    /// Deposits that are to wait while nobody is online; nil for a run over time.
    let backlog: Int?
    /// How long nothing may be delivered at the end before what is left counts as lost.
    let settleLimit: Duration
    let retryFor: Duration
    let domain: String
    /// The folder of the users that are kept.
    let cache: String
    /// Brokers of a cluster of its own; 0 for the embedded store.
    let brokers: Int
    let fronts: Int
    let workers: Int
    let level: Int
    let isTestLevel: Bool
    let keeps: Bool
    /// Where the services of a cluster that runs already are; nil for one that the run starts.
    let running: (endpoints: EndpointSource, tokenPath: String?)?
    let jsonPath: String?
    let printsJSON: Bool
    let htmlPath: String?

    static let plan: [Option] = [
        Option("rate", .value("N"), "deposits a second", default: "10"),
        Option("duration", .value("TIME"), "how long deposits are made", default: "60s"),
        Option("ramp", .value("TIME"), "how long the rate grows from 0 at the beginning", default: "0s"),
        Option("users", .value("N"), "how many users send and receive", default: "200"),
        Option(
            "mix", .value("PARTS"),
            "sizes and how often each is: text (200 B), picture (200 kB), voicemail (500 kB), or octets",
            default: "\(ContentMix.standard)"),
        Option("scenario", .value("NAME"), "see above", default: LoadPlan.Scenario.steady.rawValue),
        Option("spacing", .value("NAME"), "poisson or even", default: "poisson"),
        Option("churn", .value("N"), "comings and goings of recipients a second", default: "1"),
        Option("online", .value("PERCENT"), "how many are online at the beginning", default: "50"),
        Option(
            "deposits-per-handshake", .value("N"), "deposits that one exchange carries", default: "1; 256 for a backlog"
        ),
        Option("seed", .value("N"), "what plan and contents are derived from", default: "1"),
        Option("backlog", .value("N"), "leave N deposits of 1 kB while all are away, then deliver them"),
        Option(
            "settle", .value("TIME"), "how long nothing may come at the end before what is left counts as lost",
            default: "60s"),
        .retryFor,
    ]
    static let cluster: [Option] = [
        Option("brokers", .value("N"), "brokers of its own cluster; 0 for the embedded store", default: "3"),
        Option("fronts", .value("N"), "fronts of its own cluster", default: "2"),
        Option("workers", .value("N"), "delivery workers of its own cluster", default: "2; 1 on the embedded store"),
        Option("level", .value("BITS"), "security level of its own cluster: 2048, 3072, 7680", default: "3072"),
        .insecureTestLevel,
        Option("keep", .flag, "keep the folder of its own cluster and say where it is"),
        .endpoints, .kms, .front, .roots,
        Option("token-file", .value("FILE"), "a file with the enrolment token", default: "as the endpoints file says"),
        Option("domain", .value("DOMAIN"), "the domain of the users", default: "example.com"), .home,
        Option("cache", .value("FOLDER"), "where users and their keys are kept", default: "HOME/load"),
    ]
    static let report: [Option] = [
        Option(
            "json", .optionalValue("FILE"),
            "write the report as JSON to FILE; without FILE, or with -, it is the last line, without its seconds"),
        Option("html", .value("FILE"), "write the report as one page with plots"),
    ]

    init(_ arguments: Arguments) throws {
        backlog = try arguments.value("backlog").map { _ in
            try arguments.number("backlog", in: 1...10_000_000, default: 1)
        }
        settleLimit = .seconds(try arguments.seconds("settle", default: 60))
        retryFor = try arguments.retryBudget
        domain = arguments.value("domain") ?? "example.com"
        cache = arguments.value("cache") ?? arguments.homePath + "/load"
        brokers = try arguments.number("brokers", in: 0...9, default: 3)
        fronts = try arguments.number("fronts", in: 1...64, default: 2)
        workers = try arguments.number("workers", in: 1...64, default: brokers == 0 ? 1 : 2)
        isTestLevel = arguments.has("insecure-test-level")
        level = try arguments.number("level", in: 1024...7680, default: 3072)
        guard [1024, 2048, 3072, 7680].contains(level) else {
            throw arguments.usage("--level takes 2048, 3072 or 7680, not \(level)")
        }
        guard level != 1024 || isTestLevel else {
            throw arguments.usage("--level 1024 protects nothing: it needs --insecure-test-level")
        }
        keeps = arguments.has("keep")
        running = try arguments.runningCluster()
        let json = arguments.value("json")
        printsJSON = json == "" || json == "-"
        jsonPath = printsJSON ? nil : json
        htmlPath = arguments.value("html")
        try arguments.requireFolder("json", jsonPath)
        try arguments.requireFolder("html", htmlPath)
        plan = try arguments.loadPlan(isBacklog: backlog != nil)
    }
}

extension Arguments {
    fileprivate func loadPlan(isBacklog: Bool) throws -> LoadPlan {
        var plan = LoadPlan()
        plan.rate = try positive("rate", default: 10, atMost: 100_000)
        guard plan.rate > 0 else { throw usage("--rate 0 would deposit nothing: give a rate above 0") }
        plan.duration = .seconds(max(1, try seconds("duration", default: 60)))
        plan.ramp = .seconds(try seconds("ramp", default: 0))
        plan.users = try number("users", in: 2...100_000, default: 200)
        plan.churn = try positive("churn", default: 1, atMost: 10_000)
        plan.online = Double(try number("online", in: 0...100, default: 50)) / 100
        plan.depositsPerHandshake = try number("deposits-per-handshake", in: 1...100_000, default: isBacklog ? 256 : 1)
        if let text = value("seed") {
            guard let seed = UInt64(text) else { throw usage("--seed takes a whole number, not \(text)") }
            plan.seed = seed
        }
        if let text = value("mix") {
            guard let mix = ContentMix(text) else {
                throw usage("--mix takes parts such as text:90,picture:8,4096:2, with sizes from 64, not \(text)")
            }
            plan.mix = mix
        } else if isBacklog {
            plan.mix = .only(octets: 1024)
        }
        if let name = value("scenario") {
            guard let scenario = LoadPlan.Scenario(rawValue: name) else {
                let names = LoadPlan.Scenario.allCases.map(\.rawValue)
                let hint = nearest(to: name, of: names).map { "; did you mean \($0)?" } ?? ""
                throw usage("--scenario takes \(names.joined(separator: ", ")), not \(name)\(hint)")
            }
            plan.scenario = scenario
        }
        if let name = value("spacing") {
            guard let spacing = LoadPlan.Spacing(rawValue: name) else {
                throw usage("--spacing takes poisson or even, not \(name)")
            }
            plan.spacing = spacing
        }
        if isBacklog { plan.scenario = .loginStorm }
        return plan
    }

    /// A report that cannot be written is not to be noticed when a long run has ended.
    fileprivate func requireFolder(_ option: String, _ path: String?) throws {
        guard let path else { return }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
            FileManager.default.isWritableFile(atPath: folder)
        else { throw usage("--\(option): \(folder) is no folder that can be written to: make it first") }
    }

    private func positive(_ name: String, default standard: Double, atMost limit: Double) throws -> Double {
        guard let text = value(name) else { return standard }
        guard let number = Double(text), number >= 0, number <= limit else {
            throw usage("--\(name) takes a number from 0 to \(Int(limit)), not \(text)")
        }
        return number
    }

    /// Where the services of a cluster that runs already are; nil where none of the options says so.
    fileprivate func runningCluster() throws -> (EndpointSource, String?)? {
        let fronts = values("front")
        if let kms = value("kms"), !fronts.isEmpty, let roots = value("roots") {
            let pem = try OpenFile(roots, O_RDONLY).readNext(1 << 20)
            let endpoints = Endpoints(kms: kms, fronts: fronts, roots: String(decoding: pem, as: UTF8.self))
            return (.fixed(endpoints), value("token-file"))
        }
        guard value("kms") == nil, fronts.isEmpty, value("roots") == nil else {
            throw usage("--kms, --front and --roots belong together")
        }
        guard value("endpoints") != nil else { return nil }
        guard let file = try EndpointsFile.read(endpointsPath) else {
            throw CommandFailure(
                .unavailable,
                "there is no \(endpointsPath): 'poste dev' writes it when it serves; or give --kms, --front and --roots"
            )
        }
        return (.file(endpointsPath), value("token-file") ?? file.enrolmentToken)
    }
}
