import Foundation
import IdentityBasedEncryption
import LoadGenerator
import Mailbox

/// Publishes a pattern of presence events at the rate that it has.
struct PresenceInjection: Sendable {
    let pattern: PresencePattern
    /// What users' names begin with.
    let prefix: String
    let domain: String
    let contact: String?

    static let options: [Option] = [
        Option("pattern", .value("NAME"), "write a pattern of events: flap, storm or diurnal"),
        Option("users", .value("N"), "users of a pattern", default: "1000"),
        Option("rate", .value("N"), "events a second of a pattern", default: "100"),
        Option(
            "duration", .value("TIME"), "how long a pattern lasts, or --follow",
            default: "until all users could come once; for ever"),
        Option("prefix", .value("NAME"), "a pattern's users are sip:NAME-0@DOMAIN and so on", default: "load"),
        Option("domain", .value("DOMAIN"), "the domain of a pattern's users", default: "example.com"),
        Option("seed", .value("N"), "what a pattern is derived from", default: "1"),
    ]

    init(_ arguments: Arguments) throws {
        guard let shape = PresencePattern.Shape(rawValue: arguments.value("pattern") ?? "") else {
            throw arguments.usage("--pattern takes flap, storm or diurnal, not \(arguments.value("pattern") ?? "")")
        }
        let users = try arguments.number("users", in: 1...1_000_000, default: 1000)
        let rate = Double(try arguments.number("rate", in: 1...100_000, default: 100))
        // Long enough for all to come once.
        let standard = max(10, Int((Double(users) / rate).rounded(.up)))
        pattern = PresencePattern(
            shape, users: users, rate: rate, duration: .seconds(try arguments.seconds("duration", default: standard)),
            seed: UInt64(try arguments.number("seed", in: 0...Int.max, default: 1)))
        prefix = arguments.value("prefix") ?? "load"
        domain = arguments.value("domain") ?? "example.com"
        contact = arguments.value("contact")
        _ = try event(user: 0, isOpen: true)
    }

    /// What it came to.
    struct Report: Encodable, CustomStringConvertible {
        let accepted: Int
        let seconds: Double
        let perSecond: Double
        /// The longest time between when an event was to be published and when it was accepted, in milliseconds.
        let latestMs: Double

        var description: String {
            String(
                format: "%d events accepted in %.1f s, %.1f a second, none later than %.0f ms", accepted, seconds,
                perSecond, latestMs)
        }

        private enum CodingKeys: String, CodingKey {
            case accepted, seconds
            case perSecond = "per_s"
            case latestMs = "latest_ms"
        }
    }

    /// Writes all that is due, every 50 ms, one call after the other: the order of each user's events is kept.
    func run(into log: any MailLog) async throws -> Report {
        let events = pattern.events
        let start = ContinuousClock.now
        var accepted = 0
        var latest = Duration.zero
        var rest = events[...]
        while let first = rest.first {
            try await ContinuousClock().sleep(until: start + first.at)
            let elapsed = ContinuousClock.now - start
            let due = rest.prefix { $0.at <= elapsed }
            rest = rest.dropFirst(due.count)
            try await log.append(due.map { try event(user: $0.user, isOpen: $0.isOpen) })
            accepted += due.count
            latest = max(latest, .now - start - (due.first?.at ?? first.at))
            try await Task.sleep(for: .milliseconds(50))
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return Report(
            accepted: accepted, seconds: seconds, perSecond: Double(accepted) / max(seconds, 0.001),
            latestMs: latest / .milliseconds(1))
    }

    private func event(user: Int, isOpen: Bool) throws -> PresenceEvent {
        do {
            return try PresenceEvent(
                entity: try Identity("sip:\(prefix)-\(user)@\(domain)"), isOpen: isOpen,
                contact: isOpen ? contact : nil)
        } catch let fault as FormatError {
            throw UsageError("--contact: \(fault)", command: "presence")
        } catch {
            throw UsageError("--prefix: \(error)", command: "presence")
        }
    }
}
