import Mailbox

/// Deposits as they are folded, for a pusher that has pushed all that the view had: what it needs no second read for.
///
/// The fold changes the view first and tells of it then. So whoever begins to collect, and then finds nothing more in the view,
/// has in here all that came since. Who is slower than what arrives reads the view instead: this holds no backlog.
struct ArrivalQueue: Sendable {
    private enum State {
        /// The view has what is not in here.
        case behind
        /// What arrives is kept, but the view may have more.
        case collecting
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

    /// Call before the view is read.
    mutating func collect() {
        guard state == .behind else { return }
        state = .collecting
    }

    /// Call when the view had nothing more.
    mutating func viewHasNothingMore() {
        if state == .collecting { state = .level }
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
