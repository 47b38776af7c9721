import MailboxClient
import TestVectors

/// Leaves one deposit after the other for whoever comes next, and notes what it was promised.
struct Sender: Sendable {
    /// What it sends.
    enum Habit: Sendable {
        /// Mostly a few hundred octets, some of hundreds of kB.
        case letters
        /// Several MB each.
        case parcels
    }

    let person: Person
    let others: [Person]
    let habit: Habit
    let contents: ContentMaker
    let journal: Journal
    let seed: UInt64

    /// Sends until the task is cancelled; what is under way is finished.
    func run(until isOver: @Sendable () -> Bool) async {
        var random = SeededGenerator(seed: seed)
        var sessions: [String: (session: SendingSession, rest: Int)] = [:]
        let clock = Locked(WaitClock())
        while !isOver() {
            let other = others[Int.random(in: 0..<others.count, using: &random)]
            let writing = journal.writing(from: person.name, to: other.name)
            let size = size(&random)
            let content = ContentSource(contents.content(of: writing, octets: size), name: "\(writing)")
            var options = DepositOptions()
            options.mediaType = "application/x-chaos"
            options.wantsReceipt = Int.random(in: 0..<10, using: &random) == 0
            clock.withLock { $0.begin(at: journal.nowMs) }
            do {
                let open = sessions[other.name]
                let (sent, session) = try await person.client.send(
                    content, in: open?.session, from: person.identity, to: other.identity, options,
                    progress: { _ in if size > 1 << 20 { waited(clock.withLock { $0.sign(at: journal.nowMs) }) } })
                journal.note(
                    .receipted(
                        writing, id: sent.id, sha256: sent.sha256, wantsReceipt: options.wantsReceipt, atMs: journal.nowMs))
                waited(clock.withLock { $0.end(at: journal.nowMs) })
                let rest = open?.session === session ? (open?.rest ?? 0) - 1 : Int.random(in: 1...20, using: &random)
                sessions[other.name] = rest > 0 ? (session, rest) : nil
            } catch {
                journal.note(.failed(writing, reason: "\(error)", atMs: journal.nowMs))
                sessions[other.name] = nil
            }
            try? await Task.sleep(for: .milliseconds(habit == .parcels ? 1500 : Int.random(in: 20...150, using: &random)))
        }
        // Who gave up on his last one waited until now.
        waited(clock.withLock { $0.end(at: journal.nowMs) })
    }

    private func waited(_ wait: (from: Int, to: Int)?) {
        guard let wait, wait.to - wait.from >= 100 else { return }
        journal.note(.waited(person.name, fromMs: wait.from, toMs: wait.to))
    }

    private func size(_ random: inout SeededGenerator) -> Int {
        switch habit {
        case .parcels: Int.random(in: 2_000_000...6_000_000, using: &random)
        case .letters:
            Int.random(in: 0..<25, using: &random) == 0
                ? Int.random(in: 100_000...500_000, using: &random) : Int.random(in: 100...3_000, using: &random)
        }
    }
}
