import Foundation

/// What came of a run. As JSON it is the run's last line.
package struct Report: Encodable, Sendable {
    /// What the schedule and the load were made from.
    package var seed: UInt64
    /// How many faults were done.
    package var faults: Int
    /// How many of them could not be done or not be mended as planned.
    package var faultsInTrouble: Int
    /// Deposits whose senders have receipts.
    package var receipted: Int
    /// Of these, what applications saw.
    package var delivered: Int
    package var lost: Int
    package var repeated: Int
    package var disordered: Int
    package var misattributed: Int
    /// Deliveries that a recipient's client refused as wrong.
    package var refused: Int
    /// Delivery receipts that did not come, came twice, or told of nothing.
    package var deliveryReceiptsWrong: Int
    /// Files of the cluster in which a content's octets were found.
    package var plaintextFound: Int
    /// Keys in Redis that nothing explains.
    package var orphans: Int
    /// Deposits that senders were told had failed, or of which they were told nothing.
    package var unreceipted: Int
    /// The longest silence that a sender saw, in ms.
    package var senderSilenceMs: Int
    /// The longest silence that a recipient saw, in ms.
    package var recipientSilenceMs: Int
    /// The longest silence of a sender around a fault that came alone, in ms.
    package var singleSenderSilenceMs: Int
    /// The longest silence of a recipient around a fault that came alone, in ms.
    package var singleRecipientSilenceMs: Int

    private enum CodingKeys: String, CodingKey {
        case seed, faults
        case faultsInTrouble = "faults_in_trouble"
        case receipted, delivered, lost, repeated, disordered, misattributed, refused
        case deliveryReceiptsWrong = "delivery_receipts_wrong"
        case plaintextFound = "plaintext_found"
        case orphans, unreceipted
        case senderSilenceMs = "sender_silence_ms"
        case recipientSilenceMs = "recipient_silence_ms"
        case singleSenderSilenceMs = "single_sender_silence_ms"
        case singleRecipientSilenceMs = "single_recipient_silence_ms"
    }

    package init(
        seed: UInt64, verdict: Verdict, table: [FaultSilence], silences: Silences, plaintextFound: Int, orphans: Int,
        unreceipted: Int
    ) {
        self.seed = seed
        faults = table.count
        faultsInTrouble = table.count { $0.fault.trouble != nil }
        receipted = verdict.receipted
        delivered = verdict.delivered
        lost = verdict.lost.count
        repeated = verdict.repeated.count
        disordered = verdict.disordered.count
        misattributed = verdict.misattributed.count
        refused = verdict.refused.count
        deliveryReceiptsWrong = verdict.receiptsMissing.count + verdict.receiptsWrong.count
        self.plaintextFound = plaintextFound
        self.orphans = orphans
        self.unreceipted = unreceipted
        senderSilenceMs = silences.ofSenders.map(\.lengthMs).max() ?? 0
        recipientSilenceMs = silences.ofRecipients.map(\.lengthMs).max() ?? 0
        let single = table.filter(\.fault.scheduled.isSingle)
        singleSenderSilenceMs = single.map(\.senderMs).max() ?? 0
        singleRecipientSilenceMs = single.map(\.recipientMs).max() ?? 0
    }

    /// Whether everything that must hold has held, and everything was done that was to be done.
    package var isClean: Bool {
        receipted > 0 && delivered == receipted
            && [lost, repeated, disordered, misattributed, refused, deliveryReceiptsWrong, plaintextFound, orphans, faultsInTrouble]
                .allSatisfy { $0 == 0 }
    }

    /// One line.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
