import ChaosRun
import Foundation
import LocalCluster

/// `Chaos [--minutes N] [--seed N] [--level BITS] [--only KIND[,KIND]] [--redis KIND] [--folder FOLDER] [--keep]`: breaks a cluster under load. The last line is a JSON
/// object; the exit status is 0 when everything held that must hold, 1 when not, and 2 when the run could not be made.
@main
enum Chaos {
    static func main() async {
        do {
            let arguments = try Arguments(CommandLine.arguments.dropFirst())
            let report = try await ChaosRun.run(arguments.settings)
            if report.isClean, !arguments.keeps { try? FileManager.default.removeItem(atPath: arguments.settings.folder) }
            if FileManager.default.fileExists(atPath: arguments.settings.folder) { arguments.settings.tell("everything is in \(arguments.settings.folder)") }
            arguments.settings.tell(report.json)
            exit(report.isClean ? 0 : 1)
        } catch {
            FileHandle.standardError.write(Data("chaos: \(error)\n".utf8))
            exit(2)
        }
    }
}

/// What the command line says.
private struct Arguments {
    var settings: ChaosRun.Settings
    var keeps = false

    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    init(_ words: ArraySlice<String>) throws {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("poste").path
        settings = ChaosRun.Settings(
            seed: UInt64.random(in: 1...999_999), lengthMs: 180_000,
            folder: FileManager.default.temporaryDirectory.appendingPathComponent("chaos-\(getpid())").path,
            executable: ProcessInfo.processInfo.environment["POSTE_BINARY"] ?? beside)
        var rest = words
        while let word = rest.popFirst() {
            if word == "--keep" {
                keeps = true
                continue
            }
            guard let value = rest.popFirst() else { throw Wrong(description: "\(word) needs a value") }
            switch word {
            case "--minutes":
                guard let minutes = Double(value), (0.5...1440).contains(minutes) else {
                    throw Wrong(description: "--minutes takes a number from 0.5 to 1440, not \(value)")
                }
                settings.lengthMs = Int(minutes * 60_000)
            case "--seed":
                guard let seed = UInt64(value) else { throw Wrong(description: "--seed takes a number, not \(value)") }
                settings.seed = seed
            case "--level":
                guard let level = Int(value), [1024, 2048, 3072].contains(level) else {
                    throw Wrong(description: "--level takes 1024, 2048 or 3072, not \(value)")
                }
                settings.level = level
            case "--only":
                settings.kinds = try value.split(separator: ",").map { name in
                    guard let kind = FaultKind(rawValue: String(name)) else {
                        let all = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
                        throw Wrong(description: "--only takes kinds of faults, \(all), not \(name)")
                    }
                    return kind
                }
            case "--redis":
                let kinds: [String: LocalClusterConfiguration.Redis] = [
                    "replicated": .replicated, "sentinel": .sentinel, "cluster": .cluster
                ]
                guard let redis = kinds[value] else {
                    throw Wrong(description: "--redis takes replicated, sentinel or cluster, not \(value)")
                }
                settings.redis = redis
            case "--folder": settings.folder = value
            default:
                throw Wrong(description: "\(word): the options are --minutes, --seed, --level, --only, --redis, --folder, --keep")
            }
        }
    }
}
