import ClusterKeyFile
import Foundation
import Mailbox
import Observability
import Primitives

extension Command {
    /// `poste cluster-key`
    static let clusterKey = Command(
        name: "cluster-key", summary: "show and change the keys that seal sessions",
        synopsis: "list|rotate|forget [ID]",
        words: 1...2,
        discussion: """
            What fronts remember of handshakes lies in the session store, sealed under the cluster's key. The key file has one
            key that seals and those before it, which still open. 'rotate' makes another key, which begins to seal a minute
            later: by then every front must have the file. Fronts look at it every two seconds and need no restart.

            Two days after a key has stopped to seal, nothing that it sealed lives any more, and fronts forget it; in a
            cluster's folder they take it out of the file, elsewhere 'forget' does. 'forget ID --now' is for a key that was
            stolen: exchanges that it sealed begin again. Make a new key first, with 'rotate --in 0s'.

            The same fingerprint is the same key: compare the lists of two machines. Changing the key once a day is plenty.
            """,
        examples: [
            ("poste cluster-key list", "the keys of ~/.poste/dev, without their secrets"),
            ("poste cluster-key rotate", "another key, which seals in a minute"),
            (
                "poste cluster-key rotate --cluster-key /etc/poste/cluster.key --in 10m",
                "the same for machines that share no folder: copy the file to each within ten minutes"
            ),
            ("poste cluster-key forget", "take out what nothing needs any more"),
        ],
        options: [
            .cluster, .home, .clusterKey,
            Option("in", .value("TIME"), "how long until the new key seals; rotate", default: "1m"),
            Option("now", .flag, "forget the key though it may be needed"), .json,
        ],
        run: changeClusterKey)

    @Sendable private static func changeClusterKey(_ arguments: Arguments) async throws {
        let path = try arguments.value("cluster-key") ?? arguments.clusterFolder().keyFilePath
        let (action, rest) = (arguments.words[0], arguments.words.dropFirst())
        guard rest.isEmpty || action == "forget" else { throw arguments.usage("'\(action)' takes no key's id") }
        let report = KeyReport(isJSON: arguments.has("json"))
        switch action {
        case "list":
            guard let keys = try ClusterKeyFile.keys(at: path) else { throw ClusterKeyFileError.missing(path: path) }
            try report.list(keys)
        case "rotate":
            let wait = try arguments.seconds("in", default: 60)
            try report.rotated(try ClusterKeyFile.rotate(path, now: wallClock(), after: wait))
        case "forget":
            guard let word = rest.first else {
                return try report.forgotten(try ClusterKeyFile.change(path) { $0?.forgetDue(at: wallClock()) ?? [] })
            }
            guard let id = UInt32(word) else { throw arguments.usage("a key's id is a number, not \(word)") }
            try ClusterKeyFile.change(path) { keys in
                guard keys != nil else { throw ClusterKeyFileError.missing(path: path) }
                try keys?.forget(id: id, at: wallClock(), isUrgent: arguments.has("now"))
            }
            try report.forgotten([id])
        default: throw arguments.usage("say list, rotate or forget, not \(action)")
        }
    }
}

extension ClusterKeyFile {
    /// Makes a key that seals so many seconds later, and the file where there is none.
    fileprivate static func rotate(_ path: String, now: UTCTime, after seconds: Int) throws -> ClusterKeys.Entry {
        try change(path) { keys in
            guard var all = keys else {
                let first = try ClusterKeys()
                keys = first
                return first.sealing(at: now)
            }
            _ = all.forgetDue(at: now)
            let entry = try all.rotate(sealsFrom: now.advanced(byMilliseconds: Int64(seconds) * 1000))
            keys = all
            return entry
        }
    }
}

/// What `poste cluster-key` says.
private struct KeyReport {
    let isJSON: Bool

    private struct Line: Encodable {
        let id: UInt32
        let sealsFrom: String
        let seals: Bool
        let neededUntil: String?
        let fingerprint: String

        init(_ entry: ClusterKeys.Entry, seals: Bool, neededUntil: UTCTime? = nil) {
            id = entry.id
            sealsFrom = "\(entry.sealsFrom)"
            self.seals = seals
            self.neededUntil = neededUntil.map { "\($0)" }
            fingerprint = entry.fingerprint
        }

        enum CodingKeys: String, CodingKey {
            case id
            case sealsFrom = "seals_from"
            case seals
            case neededUntil = "needed_until"
            case fingerprint
        }
    }

    func list(_ keys: ClusterKeys) throws {
        let sealing = keys.sealing(at: wallClock()).id
        for entry in keys.entries {
            let until = keys.needed(id: entry.id)
            if isJSON {
                try printJSON(Line(entry, seals: entry.id == sealing, neededUntil: until))
            } else {
                let state =
                    if entry.id == sealing { "seals" } else if until == nil { "seals from \(entry.sealsFrom)" } else {
                        "opens"
                    }
                say("key \(entry.id)  \(entry.fingerprint)  \(state)" + (until.map { ", needed until \($0)" } ?? ""))
            }
        }
    }

    func rotated(_ entry: ClusterKeys.Entry) throws {
        guard !isJSON else { return try printJSON(Line(entry, seals: entry.sealsFrom <= wallClock())) }
        guard entry.sealsFrom > wallClock() else { return say("key \(entry.id)  \(entry.fingerprint)  seals") }
        say(
            "key \(entry.id)  \(entry.fingerprint)  seals from \(entry.sealsFrom): every front must have the file by then"
        )
    }

    func forgotten(_ ids: [UInt32]) throws {
        guard !isJSON else { return try printJSON(["forgotten": ids]) }
        say(
            ids.isEmpty
                ? "every key may still be needed" : "forgotten: \(ids.map { "key \($0)" }.joined(separator: ", "))")
    }
}

extension Option {
    static let clusterKey = Option(
        "cluster-key", .value("FILE"), "the keys that seal sessions; see 'poste cluster-key'",
        default: "cluster.key of the cluster")
}

extension Roles {
    /// The keys that seal sessions: those of an operator's file, or of the cluster's folder, made where there are none.
    func clusterKeys(file: String?) throws -> ClusterKeyFile {
        let path = file ?? options.folder.keyFilePath
        if file == nil {
            try ClusterKeyFile.change(path) { keys in
                if keys == nil { keys = try ClusterKeys() }
            }
        }
        let log = options.log.component("front")
        return try ClusterKeyFile(path: path, keeper: file == nil ? .fronts : .operators, now: wallClock) { notice in
            switch notice {
            case .changed(let sealing, let all):
                log.info("cluster keys read", ["sealing": LogValue(sealing), "keys": LogValue(all.count)])
            case .unusable(let error):
                log.error("cluster key file unusable, its last keys stay", ["reason": LogValue(error)])
            case .forgotten(let ids): log.info("cluster keys forgotten", ["count": LogValue(ids.count)])
            case .needless(let ids):
                log.warning(
                    "cluster keys not needed any more: run 'poste cluster-key forget' on the file",
                    ["count": LogValue(ids.count)])
            }
        }
    }
}
