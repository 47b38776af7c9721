import Foundation
import Mailbox
import Primitives

/// The durable record of deposits whose delivery receipts are awaited: a file for each in `sent/` of the profile,
/// written before the deposit is begun.
package struct SentRecord: Sendable {
    private struct Entry: Codable {
        /// H in hexadecimal.
        var header: String
        /// Until when a receipt may come, in milliseconds since 1970.
        var until: Int64
        /// When the recipient acknowledged it, once that was shown.
        var acknowledgedAtMs: Int64?
    }

    /// What is known of the deposit that a receipt tells of.
    package enum Knowledge {
        case unknown
        case awaited(DepositHeader)
        /// Its receipt was taken before.
        case taken
    }

    private let folder: String

    package init(of profile: Profile) { folder = "\(profile.folder)/sent" }

    /// Notes a deposit that asks for a receipt; durable when this returns. Throws `FileFailure`.
    package func note(_ header: DepositHeader) throws {
        guard header.fields.wantsReceipt else { return }
        try DurableFile.makeFolder(folder)
        let waits = Int64(header.fields.lifetime) + Int64(Envelope.receiptLifetime) + 86_400
        try write(
            Entry(
                header: hexadecimal(header.octets), until: header.fields.created.milliseconds + waits * 1000,
                acknowledgedAtMs: nil),
            header.fields.id)
    }

    /// Whether a receipt tells of a deposit of ours. Throws `FileFailure`.
    package func knowledge(of receipt: ReceiptHeader) throws -> Knowledge {
        guard let octets = try DurableFile.read(path(receipt.deposit), limit: 1 << 16),
            let entry = try? JSONDecoder().decode(Entry.self, from: Data(octets)),
            let header = Primitives.octets(hexadecimal: entry.header).flatMap({ try? DepositHeader(octets: $0) }),
            receipt.tells(of: header)
        else { return .unknown }
        return entry.acknowledgedAtMs == nil ? .awaited(header) : .taken
    }

    /// Notes that a receipt was taken, so that it is taken once. Throws `FileFailure`.
    package func take(_ receipt: ReceiptHeader, of header: DepositHeader, now: UTCTime) throws {
        try write(
            Entry(
                header: hexadecimal(header.octets),
                // A repeat that is on its way comes soon, or is refused.
                until: now.advanced(byMilliseconds: 86_400_000).milliseconds,
                acknowledgedAtMs: receipt.acknowledgedAt.milliseconds),
            header.fields.id)
    }

    /// Removes entries of receipts that will not come any more.
    package func prune(now: UTCTime) {
        for name in DurableFile.names(in: folder) {
            let path = "\(folder)/\(name)"
            guard let octets = try? DurableFile.read(path, limit: 1 << 16),
                let entry = try? JSONDecoder().decode(Entry.self, from: Data(octets)), entry.until < now.milliseconds
            else { continue }
            unlink(path)
        }
    }

    private func path(_ id: DepositID) -> String { "\(folder)/\(id).json" }

    private func write(_ entry: Entry, _ id: DepositID) throws {
        try DurableFile.write(Array(try JSONEncoder().encode(entry)), to: path(id))
    }
}
