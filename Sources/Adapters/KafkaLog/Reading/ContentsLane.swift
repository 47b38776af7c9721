import Mailbox
import Synchronization

/// Reads contents of one partition by offset, for many at once.
///
/// What is asked for at one time is read in one sweep over the partition, in the order of offsets, and each gets what it
/// wants as it comes by. Nothing is kept or fetched when nobody asks.
final class ContentsLane: Sendable {
    private struct State: Sendable {
        var waiting: [ContentsOrder] = []
        var isSweeping = false
    }

    private let queue: PartitionQueue
    private let bell: Bell
    private let state = Mutex(State())

    /// How far apart two offsets may be to be read in one go.
    private static let gap: UInt64 = 64
    /// How many records a sweep takes before those who came late with lower offsets have their turn.
    private static let sweepLength = 4096

    init(_ handle: KafkaHandle, _ partition: Int) throws(StoreError) {
        bell = Bell()
        queue = try PartitionQueue(handle, .contents, partition, bell)
    }

    func read(_ offsets: [UInt64], of key: [UInt8], octetLimit: Int) async throws(StoreError) -> [[UInt8]] {
        guard !offsets.isEmpty else { return [] }
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<[[UInt8]], StoreError>, Never>) in
            let order = ContentsOrder(offsets, of: key, octetLimit: octetLimit) { continuation.resume(returning: $0) }
            let begins = state.withLock { state in
                state.waiting.append(order)
                defer { state.isSweeping = true }
                return !state.isSweeping
            }
            if begins { Task { await self.sweepWhileAsked() } }
        }
        return try result.get()
    }

    private func sweepWhileAsked() async {
        while true {
            let orders: [ContentsOrder] = state.withLock { state in
                if state.waiting.isEmpty { state.isSweeping = false }
                defer { state.waiting = [] }
                return state.waiting
            }
            guard !orders.isEmpty else { return }
            var sweep = Sweep(orders)
            while let start = sweep.lowest {
                do throws(StoreError) {
                    try await run(&sweep, from: start)
                } catch {
                    sweep.failAll(error)
                }
            }
        }
    }

    /// Reads on from an offset until all have what they want, or the next that is wanted is far away.
    private func run(_ sweep: inout Sweep, from start: UInt64) async throws(StoreError) {
        let queue = queue
        try await Blocking.run { () throws(StoreError) in try queue.assign(at: start) }
        var fault: StoreError?
        do throws(StoreError) {
            try await read(&sweep, from: start)
        } catch {
            fault = error
        }
        try await Blocking.run { () throws(StoreError) in try queue.unassign() }
        if let fault { throw fault }
    }

    private func read(_ sweep: inout Sweep, from start: UInt64) async throws(StoreError) {
        var position = start
        var end: UInt64?
        let patience = Duration.milliseconds(queue.handle.configuration.requestTimeoutMs)
        var deadline = ContinuousClock.now + patience
        var count = 0
        while true {
            let generation = bell.generation
            while let taken = queue.take() {
                switch taken {
                case .record(let stored) where stored.offset >= position:
                    position = stored.offset + 1
                    count += 1
                    deadline = .now + patience
                    sweep.take(stored)
                    if count < Self.sweepLength { absorb(&sweep, from: position) }
                    guard let lowest = sweep.lowest, lowest >= position, lowest - position <= Self.gap else { return }
                case .record: break
                case .end(let offset): end = offset
                case .outOfRange:
                    let kept = try await queue.watermarks()
                    return sweep.drop { !kept.contains($0) }
                case .fault(let fault):
                    throw fault.storeError("\(queue.name) [\(queue.partition)] cannot be read", queue.handle.notices)
                }
            }
            guard ContinuousClock.now < deadline else {
                // After a broker was lost, another may need a moment to know that the end lies further on.
                if let end, sweep.lowest.map({ $0 >= end }) ?? false { return sweep.drop { $0 >= end } }
                throw StoreError(
                    .unavailable,
                    "\(queue.name) [\(queue.partition)] is not sent from offset \(position) on"
                        + "\(queue.handle.notices.because); check that the partition's leader runs; it is tried again")
            }
            await bell.wait(since: generation, until: deadline)
        }
    }

    /// Takes on those who came meanwhile and want what is still to come.
    private func absorb(_ sweep: inout Sweep, from position: UInt64) {
        state.withLock { state in
            guard !state.waiting.isEmpty else { return }
            let fitting = state.waiting.filter { $0.wanted.map { $0 >= position } ?? false }
            state.waiting.removeAll { $0.wanted.map { $0 >= position } ?? false }
            sweep.add(fitting)
        }
    }
}

/// The orders of one sweep.
private struct Sweep: Sendable {
    private var orders: [ContentsOrder]
    /// The lowest offset that is wanted; none when all have what they want.
    private(set) var lowest: UInt64?

    init(_ orders: [ContentsOrder]) {
        self.orders = orders
        lowest = orders.compactMap(\.wanted).min()
    }

    mutating func add(_ more: [ContentsOrder]) {
        guard !more.isEmpty else { return }
        orders += more
        lowest = orders.compactMap(\.wanted).min()
    }

    mutating func take(_ stored: StoredRecord) {
        guard let wanted = lowest, stored.offset >= wanted else { return }
        var open: [ContentsOrder] = []
        for var order in orders {
            do throws(StoreError) {
                try order.take(stored)
                if order.wanted == nil { order.finish() } else { open.append(order) }
            } catch {
                order.deliver(.failure(error))
            }
        }
        orders = open
        lowest = open.compactMap(\.wanted).min()
    }

    /// Fails those whose next offset is gone.
    mutating func drop(where isGone: (UInt64) -> Bool) {
        for order in orders {
            if let wanted = order.wanted, isGone(wanted) { order.deliver(.failure(ContentsOrder.gone(wanted))) }
        }
        orders.removeAll { $0.wanted.map(isGone) ?? true }
        lowest = orders.compactMap(\.wanted).min()
    }

    mutating func failAll(_ fault: StoreError) {
        for order in orders { order.deliver(.failure(fault)) }
        orders = []
        lowest = nil
    }
}
