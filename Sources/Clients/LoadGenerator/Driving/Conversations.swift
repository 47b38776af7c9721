import MailboxClient
import Synchronization

/// The exchanges under which deposits are made: each carries so many deposits between the same two users.
final class Conversations: Sendable {
    /// What tells a conversation from others.
    struct Key: Sendable, Hashable {
        var number: UInt64
        var sender: Int
        var recipient: Int
    }

    private struct Entry {
        var task: Task<SendingSession, any Error>
        var uses = 0
    }

    private let depositsPerHandshake: Int
    private let entries = Mutex<[Key: Entry]>([:])

    init(depositsPerHandshake: Int) { self.depositsPerHandshake = max(1, depositsPerHandshake) }

    /// The session of a conversation for one deposit: opened by who asks first; the others wait for it. The flag says whether
    /// it was opened for this caller. A session that has served as often as it should is forgotten.
    func session(
        of key: Key, opening: @escaping @Sendable () async throws -> SendingSession
    ) async throws -> (session: SendingSession, isNew: Bool) {
        let (task, isNew) = entries.withLock { entries in
            let known = entries[key]
            var entry = known ?? Entry(task: Task { try await opening() })
            entry.uses += 1
            entries[key] = entry.uses < depositsPerHandshake ? entry : nil
            return (entry.task, known == nil)
        }
        do {
            return (try await task.value, isNew)
        } catch {
            // The next one tries anew.
            entries.withLock { if $0[key]?.task == task { $0[key] = nil } }
            throw error
        }
    }

    /// Puts another session in the place of one that the mailbox has lost.
    func replace(_ key: Key, with session: SendingSession) {
        entries.withLock { entries in
            guard entries[key] != nil else { return }
            entries[key]?.task = Task { session }
        }
    }
}
