/// What a record proves. Pure, and told nothing by the cluster.
package struct Verdict: Equatable, Sendable {
    /// Deposits whose sender has a receipt.
    package var receipted = 0
    /// Of these, what the application of the recipient saw.
    package var delivered = 0
    /// Of these, what it did not see, or saw with another content.
    package var lost: [Writing] = []
    /// What an application saw again, receipted or not.
    package var repeated: [Writing] = []
    /// Receipted ones that came behind a later one of the same sender to the same recipient.
    package var disordered: [Writing] = []
    /// What was shown under another name than its author's, without a proof, to somebody else than its addressee, or was nobody's.
    package var misattributed: [String] = []
    /// Delivery receipts that were asked for, of delivered deposits, and did not come.
    package var receiptsMissing: [String] = []
    /// Delivery receipts that were shown again, or told of what was not delivered.
    package var receiptsWrong: [String] = []
    /// Deliveries that a recipient's client refused.
    package var refused: [String] = []

    /// Judges a record.
    package init(_ entries: [Entry]) {
        var promised: [Writing: (id: String, sha256: String, wantsReceipt: Bool)] = [:]
        var seen: [Writing: String] = [:]
        var seenIDs: Set<String> = []
        var highest: [Writing: Int] = [:]
        var receipts: Set<String> = []
        // A recipient may see what its sender is not yet promised.
        for case .receipted(let writing, let id, let sha256, let wantsReceipt, _) in entries {
            promised[writing] = (id, sha256, wantsReceipt)
        }
        for entry in entries {
            switch entry {
            case .seen(let recipient, let id, let sender, let isProven, let sha256, let inside, _):
                guard let inside else {
                    misattributed.append(id)
                    continue
                }
                if inside.author != sender || inside.addressee != recipient || !isProven { misattributed.append(id) }
                guard seen[inside] == nil else {
                    repeated.append(inside)
                    continue
                }
                seen[inside] = sha256
                seenIDs.insert(id)
                guard promised[inside] != nil else { continue }
                let pair = Writing(author: inside.author, addressee: inside.addressee, number: 0)
                if inside.number < highest[pair, default: -1] { disordered.append(inside) }
                highest[pair] = max(highest[pair, default: -1], inside.number)
            case .refused(let recipient, let id, let reason, _): refused.append("\(recipient): \(id): \(reason)")
            case .acknowledged(_, let id, _, _):
                if !receipts.insert(id).inserted { receiptsWrong.append(id) }
            case .receipted, .failed, .progress, .fetching, .waited: break
            }
        }
        receipted = promised.count
        for (writing, promise) in promised {
            if seen[writing] == promise.sha256 { delivered += 1 } else { lost.append(writing) }
            if promise.wantsReceipt, seen[writing] != nil, !receipts.contains(promise.id) { receiptsMissing.append(promise.id) }
        }
        receiptsWrong += receipts.filter { !seenIDs.contains($0) }
        lost.sort()
    }

    /// Whether everything was as promised.
    package var isClean: Bool {
        lost.isEmpty && repeated.isEmpty && disordered.isEmpty && misattributed.isEmpty && receiptsMissing.isEmpty
            && receiptsWrong.isEmpty && refused.isEmpty
    }
}

extension Writing: Comparable, CustomStringConvertible {
    package static func < (left: Writing, right: Writing) -> Bool {
        (left.author, left.addressee, left.number) < (right.author, right.addressee, right.number)
    }

    package var description: String { "\(author) to \(addressee) no. \(number)" }
}
