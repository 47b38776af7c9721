import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import Observability
import Primitives
import RPC
import Synchronization
import WorkPool

/// `Push.Dial`: calls a recipient's contact in the name of his mailbox. Both prove themselves by an IBAKE exchange that the
/// mailbox begins; then the front holds a stream of that recipient like any other (docs/protocol.md choice 29).
final class DialService: Sendable {
    private let keys: MailboxKeys
    private let pool: WorkPool
    private let registry: StreamRegistry
    private let configuration: FrontConfiguration
    private let log: Log
    private let underWay = Mutex(0)
    private let proven: AsyncStream<DialledContact>
    private let handOver: AsyncStream<DialledContact>.Continuation

    init(keys: MailboxKeys, pool: WorkPool, registry: StreamRegistry, configuration: FrontConfiguration, log: Log) {
        self.keys = keys
        self.pool = pool
        self.registry = registry
        self.configuration = configuration
        self.log = log
        (proven, handOver) = AsyncStream.makeStream()
    }

    /// Serves the streams of contacts that have proved themselves, until the task is cancelled.
    func run(_ streams: StreamService) async {
        let limits = configuration.limits
        await withDiscardingTaskGroup { group in
            for await contact in proven {
                group.addTask { [log] in
                    do {
                        try await streams.serve(
                            contact.recipient, contact.session, over: RecipientLink(contact.call),
                            hangUp: (limits.dialledQuiet, { await contact.call.finish() }))
                    } catch {
                        log.debug(
                            "dialled stream ended",
                            ["recipient": LogValue(contact.recipient), "reason": .text("\(error)")])
                    }
                    contact.call.cancel()
                }
            }
        }
    }

    /// Dials, unless the front holds a stream of the recipient already. What the contact does wrong is in the answer; what is
    /// wrong with the request or with this front is thrown.
    func dial(_ request: DialRequest) async throws -> DialResponse {
        let recipient = try Identity(octets: request.recipient)
        guard let mailbox = recipient.mailbox, mailbox != recipient else {
            throw RPCStatus(.invalidArgument, "\(recipient) has no mailbox that could call it")
        }
        guard let address = RPCAddress(request.contact), address.port > 0 else {
            throw RPCStatus(.invalidArgument, "a contact is HOST:PORT, not \(request.contact)")
        }
        let ring = try await keys.ring(of: mailbox)
        if registry.holdsStream(of: recipient) { return DialResponse(outcome: .open, reason: "") }
        guard enter() else {
            throw RPCStatus(.resourceExhausted, "the front dials too many contacts at a time", retryAfterMs: 1000)
        }
        defer { underWay.withLock { $0 -= 1 } }
        guard let place = await permitted(address) else {
            return DialResponse(
                outcome: .notProven, reason: "\(address) is not in the networks of contacts (poste front --contacts)")
        }
        let channel = try RPCChannel(
            RPCChannelConfiguration(contact: place, patience: configuration.limits.dialPatience))
        do {
            let contact = try await withPatience(configuration.limits.dialPatience) { [self] in
                try await prove(recipient, IBAKECall(from: mailbox, to: recipient), ring, over: channel)
            }
            handOver.yield(contact)
            return DialResponse(outcome: .open, reason: "")
        } catch let status as RPCStatus {
            guard !Task.isCancelled else { throw status }
            return DialResponse(outcome: status.dialOutcome, reason: status.message)
        } catch let error as IBAKEError {
            return DialResponse(outcome: .notProven, reason: "\(error)")
        }
    }

    private func permitted(_ contact: RPCAddress) async -> RPCAddress? {
        guard let networks = configuration.limits.contactNetworks else { return contact }
        return await networks.address(of: contact.host).map { RPCAddress(host: $0, port: contact.port) }
    }

    private func enter() -> Bool {
        underWay.withLock { count in
            guard count < configuration.limits.dials else { return false }
            count += 1
            return true
        }
    }

    /// The four messages, and the contact's word about its certificate. Nothing but them goes out before all are checked.
    private func prove(
        _ recipient: Identity, _ call: IBAKECall, _ ring: KeyRing, over channel: RPCChannel
    ) async throws -> DialledContact {
        let stream = try channel.open(Methods.deliver)
        let (now, random) = (configuration.now, configuration.random)
        let first = try await pool.run { try IBAKEInitiator(call, keys: ring, now: now(), random: random) }
        let rMessage1 = try await answer(to: first.iMessage1, stream)
        let second = try await pool.run {
            try first.receive(rMessage1: rMessage1, keys: ring, now: now(), random: random)
        }
        guard second.outcome == .answered else {
            throw RPCStatus(.permissionDenied, "\(second.responder) answered the call to \(recipient)")
        }
        let rMessage2 = try await answer(to: second.iMessage2, stream)
        let established = try await pool.run { try second.receive(rMessage2: rMessage2, keys: ring) }
        let session = try DeliverySession(tgk: established.tgk, csbID: established.csbIDOctets)
        guard case .contactMAC(let mac) = try await stream.receive()?.part else {
            throw RPCStatus(.invalidArgument, "the contact does not say which certificate is its own")
        }
        guard let digest = stream.peerCertificateDigest, session.verify(contactMAC: mac, certificateDigest: digest)
        else {
            throw RPCStatus(
                .permissionDenied, "the certificate is not the contact's own: somebody stands between, or ends its TLS")
        }
        return DialledContact(recipient: recipient, session: session, call: stream)
    }

    private func answer(to message: [UInt8], _ stream: Call<ReceiveResponse, ReceiveRequest>) async throws -> [UInt8] {
        _ = try await stream.send(ReceiveResponse(.mikey(message)))
        guard case .mikey(let answer) = try await stream.receive()?.part else {
            throw RPCStatus(.invalidArgument, "the contact sent no MIKEY message where one was due")
        }
        return answer
    }
}

/// A recipient who has proved himself at his contact.
struct DialledContact: Sendable {
    let recipient: Identity
    let session: DeliverySession
    let call: Call<ReceiveResponse, ReceiveRequest>
}

extension RPCChannelConfiguration {
    /// A connection to a contact. Its certificate is whatever it is: the exchange proves who is there, and binds that to the
    /// certificate.
    fileprivate init(contact: RPCAddress, patience: Duration) {
        self.init(host: contact.host, port: contact.port, security: .tlsWithAnybody)
        keepalive = .seconds(10)
        keepaliveTimeout = .seconds(5)
        // One attempt to connect: whoever asked tries again, with pauses.
        firstBackoff = patience
    }
}

extension RPCStatus {
    /// What a contact's status, or ours about it, says of it.
    fileprivate var dialOutcome: DialOutcome {
        switch code {
        case .unavailable, .deadlineExceeded, .cancelled, .resourceExhausted: .unreachable
        default: .notProven
        }
    }
}
