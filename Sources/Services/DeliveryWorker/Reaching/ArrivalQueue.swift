import Mailbox

/// Deposits as they are folded, for a pusher that has pushed all that the view had: what it needs no second read for.
///
/// The fold changes the view first and tells of it then. So whoever begins to collect, and then finds nothing more in a view
/// that reaches as far as the fold did, has in here all that came since. A view that does not reach so far was wiped or put
/// back meanwhile: what is not in it is not over. Who is slower than what arrives reads the view: this holds no backlog.
struct ArrivalQueue: Sendable {
    private enum State: Equatable {
        /// The view has what is not in here.
        case behind
        /// What arrives is kept, but the view may have more. Up to `since` the owner had folded when this began.
        case collecting(since: UInt64)
        /// All that waits and was not taken is in here.
        case level
    }

    private let limit: PageLimit
    private var state = State.behind
    private var deposits: [PendingDeposit] = []
    private var octets = 0

    init(limit: PageLimit) { self.limit = limit }

    /// Whether what comes next is in here, and not to be looked for in the view.
    var isLevel: Bool { state == .level }

    /// Takes what arrives, in order.
    mutating func append(_ deposit: PendingDeposit) {
        guard state != .behind else { return }
        let size = deposit.envelope.residentOctets
        guard deposits.count < limit.count, octets + size <= limit.octets else { return fallBehind() }
        deposits.append(deposit)
        octets += size
    }

    /// Removes what is over.
    mutating func remove(_ key: DepositKey) {
        guard let place = deposits.firstIndex(where: { $0.envelope.key == key }) else { return }
        octets -= deposits.remove(at: place).envelope.residentOctets
    }

    /// The next deposit, where all that waits is in here.
    mutating func next() -> PendingDeposit? {
        guard isLevel, !deposits.isEmpty else { return nil }
        let first = deposits.removeFirst()
        octets -= first.envelope.residentOctets
        return first
    }

    /// Call before the view is read; the owner has folded up to `offset`.
    mutating func collect(folded offset: UInt64) {
        if state == .behind { state = .collecting(since: offset) }
    }

    /// Call when a view that reaches up to `offset` had nothing more.
    mutating func viewHasNothingMore(upTo offset: UInt64) {
        guard case .collecting(let since) = state, offset >= since else { return }
        state = .level
    }

    /// Something was missed.
    mutating func fallBehind() {
        state = .behind
        deposits = []
        octets = 0
    }
}

extension Envelope {
    /// Roughly what it takes in memory.
    var residentOctets: Int {
        var octets = header.count + encryptedKey.count + 256
        if case .inline(let content) = place { octets += content.count }
        return octets
    }
}
