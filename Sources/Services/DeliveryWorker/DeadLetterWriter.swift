import Mailbox

/// Writes the dead letters of one partition, each once: records are read again by whoever folds after another, or from
/// nothing.
///
/// Two owners who write at the same instant may write a letter twice; who reads takes the first.
struct DeadLetterWriter {
    private let partition: Int
    private let mailLog: any MailLog
    private var written: Set<DeadLetter.Place> = []
    private var next: UInt64 = 0

    /// How many are remembered; some 16 MB.
    private static let memory = 1 << 18

    init(partition: Int, mailLog: any MailLog) {
        self.partition = partition
        self.mailLog = mailLog
    }

    /// Writes those that are not written yet, and gives them.
    mutating func write(_ letters: [DeadLetter]) async throws(StoreError) -> [DeadLetter] {
        guard !letters.isEmpty else { return [] }
        try await readOn()
        let fresh = letters.filter { !written.contains($0.place) }
        guard !fresh.isEmpty else { return [] }
        do throws(StoreError) {
            _ = try await mailLog.append(fresh.map(\.record), to: .deadLetters, partition: partition)
        } catch {
            guard error.kind == .tooLarge else { throw error }
            // The topic takes less than it should: better the places alone than a partition that stands still.
            _ = try await mailLog.append(fresh.map(\.shortened.record), to: .deadLetters, partition: partition)
        }
        return fresh
    }

    /// Takes note of what others have written, and this owner before.
    private mutating func readOn() async throws(StoreError) {
        while true {
            let page = try await mailLog.deadLetters(
                of: partition, from: next, limit: PageLimit(count: 1000, octets: 4 << 20))
            guard let last = page.last else { return }
            next = last.offset + 1
            if written.count > Self.memory { written = [] }
            for stored in page { if let letter = try? DeadLetter(stored.record) { written.insert(letter.place) } }
        }
    }
}
