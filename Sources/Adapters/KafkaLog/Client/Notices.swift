import Foundation
import Mailbox
import Synchronization

/// What librdkafka said last, so that a failed call can say why.
final class Notices: Sendable {
    private struct Fault {
        var text: String
        var at: ContinuousClock.Instant
    }

    /// A refusal that waiting does not mend.
    enum Refusal: Sendable {
        /// The brokers do not take the user or the password.
        case credentials
        /// The brokers' certificate does not lead to a root that is trusted here, or they want one of ours.
        case certificate

        /// What to do.
        var advice: String {
            switch self {
            case .credentials: "check sasl.username, sasl.password and sasl.mechanisms of the Kafka options"
            case .certificate:
                "check ssl.ca.location of the Kafka options (the authority of the brokers' certificates, in PEM), and whether "
                    + "the certificates are still valid and for these names"
            }
        }

        init?(_ text: String) {
            if text.contains("SASL authentication error") || text.contains("Authentication failed") {
                self = .credentials
            } else if text.contains("certificate verify failed")
                || text.contains("alert") && text.contains("certificate")
            {
                self = .certificate
            } else {
                return nil
            }
        }
    }

    private let report: @Sendable (KafkaNotice) -> Void
    private let lastFault = Mutex<Fault?>(nil)
    private static let memory = Duration.seconds(30)

    init(_ report: @escaping @Sendable (KafkaNotice) -> Void) { self.report = report }

    func take(_ notice: KafkaNotice) {
        // That all are down says less than why the last one is.
        if notice.level <= 4, !notice.text.hasSuffix("brokers are down") {
            let text = Self.plain(notice.text)
            lastFault.withLock { $0 = Fault(text: text, at: .now) }
        }
        report(notice)
    }

    /// The last fault of the past half minute as a clause to put behind a sentence, or nothing.
    var because: String { recent.map { " (last heard: \($0))" } ?? "" }

    /// What the last fault of the past half minute was, if it is a refusal.
    var refusal: Refusal? { recent.flatMap(Refusal.init) }

    private var recent: String? {
        lastFault.withLock { fault in
            guard let fault, ContinuousClock.now - fault.at < Self.memory else { return nil }
            return fault.text
        }
    }

    /// Without the thread in front and the statistics behind.
    private static func plain(_ text: String) -> String {
        var text = text[...]
        if text.hasPrefix("[thrd:"), let end = text.range(of: "]: ") { text = text[end.upperBound...] }
        if text.hasSuffix(")"), let start = text.range(of: " (after ", options: .backwards) {
            text = text[..<start.lowerBound]
        }
        return String(text)
    }
}
