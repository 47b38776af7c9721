import Foundation
import Mailbox

extension Command {
    /// `poste rebuild`
    static let rebuild = Command(
        name: "rebuild", summary: "has the view of the mailboxes folded again from nothing", synopsis: "", words: 0...0,
        discussion: """
            Throws the view of each partition away and waits until the delivery workers, which need not be stopped, have folded
            it again from the log. Nothing is lost: mail comes and goes meanwhile, and recipients get what waits once the fold
            reaches it. It reads what the log has kept, which grows with what waits and a week's tombstones, not with history.

            Workers do the same by themselves when a view is gone, of another log, ahead of it or too old. This is for a view
            that somebody has reason to mistrust.
            """,
        examples: [
            ("poste rebuild", "all partitions of the cluster in ~/.poste/dev"),
            (
                "poste rebuild --partition 3 --partition 4 --kafka broker1:9092 --redis redis://redis1",
                "two of a cluster"
            ),
        ],
        options: [
            .partition,
            Option(
                "patience", .value("TIME"), "how long a partition may stand still before this gives up waiting for it",
                default: "30s"),
        ] + Option.operatorLog + [.redis, .json],
        run: { arguments in
            let patience = Duration.seconds(try arguments.seconds("patience", default: 30))
            let stores = try await arguments.openStores(component: "rebuild")
            do {
                let partitions = try arguments.partitions(of: stores.mailLog)
                try await Rebuild(stores: stores, patience: patience, isJSON: arguments.has("json")).run(partitions)
            } catch {
                await stores.close()
                throw error
            }
            await stores.close()
        })
}

/// Discards views, and watches them come again.
private struct Rebuild {
    let stores: Stores
    let patience: Duration
    let isJSON: Bool
    private let begun = ContinuousClock.now

    init(stores: Stores, patience: Duration, isJSON: Bool) {
        self.stores = stores
        self.patience = patience
        self.isJSON = isJSON
    }

    /// How far one partition is.
    private struct Course {
        let start: UInt64
        let end: UInt64
        var next: UInt64?
        var moved = ContinuousClock.now

        var isDone: Bool { next.map { $0 >= end } ?? false }
        var percent: Int {
            end > start ? Int(min(next ?? start, end).subtractingFloor(start) * 100 / (end - start)) : 100
        }
    }

    private struct Line: Encodable {
        let partition: Int
        let percent: Int
        let next: UInt64
        let end: UInt64
        let seconds: Double
    }

    func run(_ partitions: [Int]) async throws {
        var courses: [Int: Course] = [:]
        for partition in partitions {
            try await discard(partition)
            let bounds = try await stores.mailLog.bounds(of: partition)
            courses[partition] = Course(start: bounds.start.envelopes, end: bounds.end.envelopes)
        }
        tell("\(partitions.count) view\(partitions.count == 1 ? "" : "s") discarded")
        var open = Set(partitions)
        var told = ContinuousClock.now
        while !open.isEmpty {
            try await Task.sleep(for: .milliseconds(100))
            for partition in open.sorted() {
                guard var course = courses[partition] else { continue }
                // A position of before would mean that somebody still worked on the old view, which cannot be.
                let next = try await stores.view.position(of: partition)?.next.envelopes
                if next != course.next { course.moved = .now }
                course.next = next
                courses[partition] = course
                if course.isDone {
                    open.remove(partition)
                    try report(partition, course)
                } else if ContinuousClock.now - course.moved > patience {
                    throw CommandFailure(
                        .unavailable,
                        "partition \(partition) stands still at \(course.percent) %: nobody folds it. Start 'poste deliver'; it "
                            + "goes on by itself, there is no need to ask again")
                }
            }
            if ContinuousClock.now - told > .seconds(1), !open.isEmpty {
                told = .now
                try progress(open.sorted(), courses)
            }
        }
        if !isJSON { say("\(partitions.count) folded again in \(seconds(begun)) s") }
    }

    /// The position moves while mail comes: again, until it was met.
    private func discard(_ partition: Int) async throws {
        for _ in 0..<10_000 {
            let position = try await stores.view.position(of: partition)
            if try await stores.view.discard(partition: partition, at: position) { return }
        }
        throw CommandFailure(.later, "the view of partition \(partition) moves too fast to be discarded: try again")
    }

    private func report(_ partition: Int, _ course: Course) throws {
        if isJSON {
            try line(partition, course)
        } else {
            say("partition \(partition) is folded again up to \(course.end), after \(seconds(begun)) s")
        }
    }

    private func progress(_ open: [Int], _ courses: [Int: Course]) throws {
        for partition in open {
            guard let course = courses[partition] else { continue }
            if isJSON { try line(partition, course) }
        }
        let list = open.compactMap { partition in courses[partition].map { "\(partition) at \($0.percent) %" } }
        tell("partition\(open.count == 1 ? "" : "s") \(list.joined(separator: ", "))")
    }

    private func line(_ partition: Int, _ course: Course) throws {
        try printJSON(
            Line(
                partition: partition, percent: course.isDone ? 100 : min(course.percent, 99), next: course.next ?? 0,
                end: course.end, seconds: (ContinuousClock.now - begun) / .seconds(1)))
    }

    private func tell(_ line: String) { if !isJSON { say(line) } }

    private func seconds(_ since: ContinuousClock.Instant) -> String {
        String(format: "%.1f", (ContinuousClock.now - since) / .seconds(1))
    }
}

extension UInt64 {
    /// The difference, or nothing.
    fileprivate func subtractingFloor(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
