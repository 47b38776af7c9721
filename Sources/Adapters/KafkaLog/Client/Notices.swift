import Mailbox
import Synchronization

/// What librdkafka said last, so that a failed call can say why.
final class Notices: Sendable {
    private struct Fault {
        var text: String
        var at: ContinuousClock.Instant
    }

    private let report: @Sendable (KafkaNotice) -> Void
    private let lastFault = Mutex<Fault?>(nil)

    init(_ report: @escaping @Sendable (KafkaNotice) -> Void) { self.report = report }

    func take(_ notice: KafkaNotice) {
        // That all are down says less than why the last one is.
        if notice.level <= 4, !notice.text.hasSuffix("brokers are down") {
            lastFault.withLock { $0 = Fault(text: notice.text, at: .now) }
        }
        report(notice)
    }

    /// The last fault of the past half minute as a clause to put behind a sentence, or nothing.
    var because: String {
        lastFault.withLock { fault in
            guard let fault, ContinuousClock.now - fault.at < .seconds(30) else { return "" }
            return " (last heard: \(fault.text))"
        }
    }
}
