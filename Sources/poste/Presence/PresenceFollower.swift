import Foundation
import IdentityBasedEncryption
import Mailbox
import Primitives

/// Shows what comes into the presence topic, live.
struct PresenceFollower: Sendable {
    let log: any MailLog
    let partitions: [Int]
    let entity: Identity?
    let showsRoutes: Bool
    let isJSON: Bool

    static let options: [Option] = [
        Option("follow", .flag, "show what comes into the topic"),
        Option("routes", .flag, "with --follow: show also which streams the fronts hold"), .partition,
    ]

    init(_ log: any MailLog, _ arguments: Arguments) throws {
        self.log = log
        partitions = try arguments.partitions(of: log)
        entity = try arguments.identity("entity")
        showsRoutes = arguments.has("routes")
        isJSON = arguments.has("json")
    }

    /// What `--follow --json` prints.
    private struct Line: Encodable {
        var time: String
        var partition: Int
        var offset: UInt64
        var entity: String?
        var basic: String?
        var contact: String?
        var timestamp: String?
        var front: String?
        var opened: [String]?
        var closed: [String]?
        var fault: String?
    }

    /// Shows what comes from now on, until the task is cancelled.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for partition in partitions {
                group.addTask { try await follow(partition) }
            }
            try await group.waitForAll()
        }
    }

    private func follow(_ partition: Int) async throws {
        var position = try await log.bounds(of: partition).end
        while !Task.isCancelled {
            let batch = try await log.read(
                partition: partition, from: position, limit: PageLimit(count: 1000), waitingUpTo: .milliseconds(500))
            position = batch.next
            for stored in batch.records where stored.topic == .presence { try show(stored, partition) }
        }
    }

    private func show(_ stored: StoredRecord, _ partition: Int) throws {
        var line = Line(time: "\(stored.time)", partition: partition, offset: stored.offset)
        do {
            switch try PresenceRecord(stored.record) {
            case .event(let event):
                guard entity == nil || entity == event.entity else { return }
                line.entity = "\(event.entity)"
                line.basic = event.isOpen ? "open" : "closed"
                line.contact = event.contact
                line.timestamp = event.timestamp.map { "\($0)" }
            case .routes(let renewal):
                let mine = { (name: Identity) in entity == nil || entity == name }
                line.front = renewal.front
                line.opened = renewal.open.map(\.entity).filter(mine).map { "\($0)" }
                line.closed = renewal.closed.map(\.entity).filter(mine).map { "\($0)" }
                guard showsRoutes, line.opened != [] || line.closed != [] else { return }
            }
        } catch {
            guard entity == nil else { return }
            line.fault = "\(error)"
        }
        if isJSON { try printJSON(line) } else { say(text(line)) }
    }

    private func text(_ line: Line) -> String {
        let place = "\(line.time)  \(line.partition)/\(line.offset)  "
        if let fault = line.fault { return place + "cannot be read: \(fault)" }
        if let front = line.front {
            let opened = line.opened.map { $0.isEmpty ? "" : " holds \($0.joined(separator: ", "))" } ?? ""
            let closed = line.closed.map { $0.isEmpty ? "" : " lost \($0.joined(separator: ", "))" } ?? ""
            return place + "front \(front)" + opened + closed
        }
        return place + "\(line.basic ?? "")  \(line.entity ?? "")" + (line.contact.map { "  at \($0)" } ?? "")
            + (line.timestamp.map { "  since \($0)" } ?? "")
    }
}
