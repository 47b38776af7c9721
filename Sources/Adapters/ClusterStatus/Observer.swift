import Foundation
import Mailbox
import Observability
import Synchronization

/// Looks at the whole cluster from one process, often while somebody wants to know: who is there, from the roster; how far each partition's view
/// is behind its log, from log and view themselves, so that a partition shows up that nobody works for.
public final class Observer: Sendable {
    /// How often it looks while somebody asks, and while nobody does.
    static let interval = (asked: Duration.seconds(2), idle: Duration.seconds(10))
    /// Who has not asked for so long does not ask any more.
    static let patience = Duration.seconds(20)
    /// How many moments are kept.
    static let historyLimit = 90

    private struct State: Sendable {
        var latest: ClusterStatus?
        var asked: ContinuousClock.Instant?
        var history: [ClusterStatus.Moment] = []
    }

    private let status: @Sendable () -> MemberStatus
    private let mailLog: (any MailLog)?
    private let view: (any MailboxView)?
    private let roster: Roster?
    private let deadLetters: DeadLetterCount
    private let state = Mutex(State())

    /// - Parameters:
    ///   - status: what this process says of itself.
    ///   - stores: log, view and roster; none for a process that has no part in them.
    public init(
        status: @escaping @Sendable () -> MemberStatus,
        stores: (mailLog: any MailLog, view: any MailboxView, roster: Roster)? = nil
    ) {
        self.status = status
        mailLog = stores?.mailLog
        view = stores?.view
        roster = stores?.roster
        deadLetters = DeadLetterCount()
    }

    /// What was seen last, and this process as it is now, with a word where that was long ago; before the first look this process alone.
    public var current: ClusterStatus {
        let now = Self.now
        let mine = status()
        return state.withLock { state in
            state.asked = .now
            guard var latest = state.latest else {
                return ClusterStatus(
                    atMs: now, by: mine.id, members: [mine], partitions: [],
                    totals: ClusterStatus.totals(of: [mine], []),
                    history: [], faults: [])
            }
            latest.replace(mine)
            if now - latest.atMs > 30_000 {
                latest.faults.append("anything: the last look was \(Wording.age(now - latest.atMs)) ago")
            }
            return latest
        }
    }

    /// Looks until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            await look()
            let looked = ContinuousClock.now
            var pause = Self.interval.idle
            while !Task.isCancelled, ContinuousClock.now - looked < pause {
                try? await Task.sleep(for: .milliseconds(200))
                let asked = state.withLock { $0.asked }
                if let asked, ContinuousClock.now - asked < Self.patience { pause = Self.interval.asked }
            }
        }
    }

    /// Looks once.
    public func look() async {
        let mine = status()
        var faults: [String] = []
        var others: [MemberStatus] = []
        do {
            others = try await roster?.members().filter { $0.id != mine.id } ?? []
        } catch {
            faults.append("who belongs to the cluster: \(error)")
        }
        let members = [mine] + others
        var partitions: [ClusterStatus.Partition] = []
        if let mailLog, let view {
            for number in 0..<mailLog.partitionCount {
                do {
                    partitions.append(try await partition(number, mailLog, view, members))
                } catch {
                    faults.append("partition \(number): \(error)")
                    break
                }
            }
        }
        let totals = ClusterStatus.totals(of: members, partitions)
        state.withLock { state in
            // What cannot be found out now is drawn as it was.
            let pending = totals["pending"] ?? state.history.last?.pending ?? 0
            let moment = ClusterStatus.Moment(
                atMs: Self.now, deposits: totals["deposits_per_s"] ?? 0, answers: totals["answers_per_s"] ?? 0,
                pending: pending)
            state.history = (state.history + [moment]).suffix(Self.historyLimit)
            state.latest = ClusterStatus(
                atMs: moment.atMs, by: mine.id, members: members, partitions: partitions, totals: totals,
                history: state.history, faults: faults)
        }
    }

    private func partition(
        _ number: Int, _ mailLog: any MailLog, _ view: any MailboxView, _ members: [MemberStatus]
    ) async throws -> ClusterStatus.Partition {
        // The view first: the log only grows, so what is behind is never less than nothing.
        let position = try await view.position(of: number)?.next ?? LogPosition()
        let bounds = try await mailLog.bounds(of: number)
        func lag(_ offset: (LogPosition) -> UInt64) -> UInt64 {
            let from = max(offset(position), offset(bounds.start))
            return offset(bounds.end) - min(offset(bounds.end), from)
        }
        return ClusterStatus.Partition(
            partition: number, owner: members.first { $0.partitions.contains(number) }?.id, lag: lag(\.envelopes),
            presenceLag: lag(\.presence), pending: try await view.backlog(of: number),
            deadLetters: try await deadLetters.count(of: number, in: mailLog))
    }

    private static var now: Int64 { Int64(Date.now.timeIntervalSince1970 * 1000) }
}

/// Counts dead letters that nobody has replayed: each record is read once.
private actor DeadLetterCount {
    private struct Shelf {
        var next: UInt64 = 0
        var places: Set<DeadLetter.Place> = []
        var waiting: Set<UInt64> = []
        var looked: ContinuousClock.Instant?
    }

    private var shelves: [Int: Shelf] = [:]

    /// So many are told apart; more count as so many.
    private static let limit = 100_000

    func count(of partition: Int, in log: any MailLog) async throws(StoreError) -> UInt64 {
        var shelf = shelves[partition] ?? Shelf()
        if let at = shelf.looked, ContinuousClock.now - at < .seconds(10) { return UInt64(shelf.waiting.count) }
        while true {
            let page = try await log.deadLetters(
                of: partition, from: shelf.next, limit: PageLimit(count: 1000, octets: 4 << 20))
            guard let last = page.last else { break }
            for stored in page { take(stored, &shelf) }
            shelf.next = last.offset + 1
        }
        shelf.looked = .now
        shelves[partition] = shelf
        return UInt64(shelf.waiting.count)
    }

    private func take(_ stored: StoredRecord, _ shelf: inout Shelf) {
        if let mark = ReplayMark(stored.record) {
            if mark.appendedAt != nil { shelf.waiting.remove(mark.letter) }
        } else if shelf.waiting.count < Self.limit {
            if let letter = try? DeadLetter(stored.record), !shelf.places.insert(letter.place).inserted { return }
            shelf.waiting.insert(stored.offset)
        }
    }
}
