import MailboxClient
import Synchronization

/// Which front served which MIKEY message of Alice's exchange.
final class ServedMessages: Sendable {
    private let cluster: DemoCluster
    private let fronts = Mutex<[String: String]>([:])

    init(cluster: DemoCluster) { self.cluster = cluster }

    func note(_ step: ExchangeStep) {
        guard step.sent.hasPrefix("I_MESSAGE") else { return }
        let front = cluster.name(of: step.address)
        fronts.withLock {
            $0[step.sent] = front
            $0[step.received] = front
        }
    }

    var all: [String: String] { fronts.withLock { $0 } }
}

/// What Bob was given, in order.
final class ReceivedDeposits: Sendable {
    private let deposits = Mutex<[ReceivedDeposit]>([])

    func add(_ deposit: ReceivedDeposit) { deposits.withLock { $0.append(deposit) } }

    var all: [ReceivedDeposit] { deposits.withLock { $0 } }
}

/// What each message of RFC 6267 means in the story.
enum Meaning {
    static func of(_ step: ExchangeStep, front: String) -> String {
        let sizes = "\(step.sentOctets) octets, answered with \(step.receivedOctets)"
        switch step.sent {
        case "REQUEST_KEY_INIT_PSK":
            return
                "REQUEST_KEY_INIT_PSK → REQUEST_KEY_RESP: the private keys of today and the days after, from the KMS; \(sizes)"
        case "I_MESSAGE_1":
            return
                "I_MESSAGE_1 → R_MESSAGE_1 by \(front): [x]P, encrypted to the one called; back [y]P, encrypted to the caller; \(sizes)"
        case "I_MESSAGE_2":
            return
                "I_MESSAGE_2 → R_MESSAGE_2 by \(front): [y]P comes back, which proves the caller; V proves who answered; \(sizes)"
        default: return "\(step.sent) → \(step.received) by \(front); \(sizes)"
        }
    }
}
