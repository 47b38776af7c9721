import Foundation
import MailboxClient
import Primitives
import TestVectors

/// Fetches its mail, and notes what its application sees.
struct Recipient: Sendable {
    /// How it does so.
    enum Habit: CaseIterable, Sendable {
        /// Always there.
        case steady
        /// There for some seconds, then away for some.
        case comesAndGoes
        /// Dies in the middle of deliveries, and goes on where the files say that it was.
        case dies
        /// Fetches what waits, and leaves.
        case collects
    }

    let person: Person
    let habit: Habit
    let contents: ContentMaker
    let journal: Journal
    let seed: UInt64

    /// Fetches until the task is cancelled.
    func run() async {
        var random = SeededGenerator(seed: seed)
        while !Task.isCancelled {
            switch habit {
            case .steady: await fetch(for: nil)
            case .comesAndGoes:
                await fetch(for: .milliseconds(Int.random(in: 3_000...15_000, using: &random)))
                await pause(1_000...6_000, &random)
            case .dies:
                await fetch(for: .seconds(20), diesAtSign: Int.random(in: 3...120, using: &random))
                await pause(100...1_000, &random)
                // Who always died in the middle of a parcel would never have it.
                await fetch(for: .milliseconds(Int.random(in: 4_000...9_000, using: &random)))
            case .collects:
                await fetch(for: nil, follows: false)
                await pause(500...4_000, &random)
            }
        }
    }

    private func pause(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) async {
        try? await Task.sleep(for: .milliseconds(Int.random(in: range, using: &random)))
    }

    /// One life of the recipient's process: opens the inbox as it finds it, and fetches.
    private func fetch(for time: Duration?, diesAtSign: Int? = nil, follows: Bool = true) async {
        let signs = Locked(0)
        let (deaths, death) = AsyncStream.makeStream(of: Void.self)
        journal.note(.fetching(person.name, isOn: true, atMs: journal.nowMs))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    let inbox = try Inbox(of: person.client.profile, now: MailboxClient.systemTime())
                    var options = ReceiveOptions()
                    options.follows = follows
                    _ = try await person.client.receive(as: person.identity, into: inbox, options) { event in
                        let count = signs.withLock { signs in
                            signs += 1
                            return signs
                        }
                        if count == diesAtSign { death.yield() }
                        hear(event)
                    }
                } catch MailboxClientError.cancelled {
                } catch {
                    journal.note(.failed(Writing(author: "", addressee: person.name, number: 0), reason: "\(error)", atMs: journal.nowMs))
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
            group.addTask {
                if let time { try? await Task.sleep(for: time) } else { await forever() }
            }
            group.addTask { for await _ in deaths { return } }
            await group.next()
            group.cancelAll()
        }
        journal.note(.fetching(person.name, isOn: false, atMs: journal.nowMs))
    }

    private func forever() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }

    private func hear(_ event: ReceiveEvent) {
        switch event {
        case .deposit(let deposit): see(deposit)
        case .receipt(let receipt):
            journal.note(.acknowledged(to: person.name, id: receipt.id, recipient: receipt.recipient, atMs: journal.nowMs))
        case .progress(_, let received, let total) where total > 1 << 20 && received < total:
            journal.note(.progress(to: person.name, atMs: journal.nowMs))
        case .refused(let id, let reason):
            journal.note(.refused(by: person.name, id: id, reason: reason, atMs: journal.nowMs))
        case .progress, .left, .caughtUp, .reconnecting: break
        }
    }

    /// The application: reads the content from its file.
    private func see(_ deposit: ReceivedDeposit) {
        let content = FileManager.default.contents(atPath: deposit.path).map { [UInt8]($0) } ?? []
        let digest = hexadecimal(HashFunction.sha256.hash(content))
        let name = deposit.sender.dropFirst("sip:".count).prefix { $0 != "@" }
        journal.note(
            .seen(
                by: person.name, id: deposit.id, sender: String(name), isProven: deposit.senderProof == .verified, sha256: digest,
                inside: contents.writing(in: content), atMs: journal.nowMs))
        // The letters stay, for the search for plaintext to find them where they may be.
        if content.count > 1 << 16 { unlink(deposit.path) }
    }
}
