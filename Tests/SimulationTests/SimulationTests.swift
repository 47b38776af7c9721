import Foundation
import IdentityBasedEncryption
import Mailbox
import Primitives
import Testing

/// Two owners, lost and reordered pushes, a view rolled back or wiped, clocks that jump, repeats, expiry and receipts,
/// from a seed, compared with an independent model. POSTE_SEED and POSTE_SCHEDULES choose what is run; a failure names
/// the seed of its schedule.
struct SimulationTests {
    static let environment = ProcessInfo.processInfo.environment
    static let firstSeed = environment["POSTE_SEED"].flatMap { UInt64($0) } ?? 1
    static let schedules = environment["POSTE_SCHEDULES"].flatMap { UInt64($0) } ?? 2000
    static let stripes: UInt64 = 4

    @Test(arguments: 0..<stripes)
    func nothingIsLostRepeatedOrMisdelivered(stripe: UInt64) throws {
        for seed in stride(from: Self.firstSeed + stripe, to: Self.firstSeed + Self.schedules, by: Int(Self.stripes)) {
            let faults = try run(seed: seed)
            guard faults.isEmpty else {
                Issue.record("POSTE_SEED=\(seed) POSTE_SCHEDULES=1: \(faults.joined(separator: "; "))")
                return
            }
        }
    }

    @Test func aScheduleIsTheSameEveryTime() throws {
        var worlds: [[UInt64]] = []
        for _ in 0..<2 {
            var world = try World(seed: 77)
            for _ in 0..<300 { try world.step() }
            worlds.append([UInt64(world.log.history.count), UInt64(world.now), world.random.next()])
        }
        #expect(worlds[0] == worlds[1])
    }

    private func run(seed: UInt64) throws -> [String] {
        var world = try World(seed: seed)
        for _ in 0..<Int.random(in: 20...250, using: &world.random) { try world.step() }
        let emptied = try world.settle()
        var faults = world.faults
        if !emptied { faults.append("what waited was not delivered in calm weather") }
        var model = Model()
        model.read(world.log.history, before: .max)
        faults += lost(world, model) + disordered(world) + receipts(world, model)
        return faults
    }

    /// What was promised and neither came to its recipient, nor was refused by him, nor expired.
    private func lost(_ world: World, _ model: Model) -> [String] {
        world.promised.flatMap { key, envelopes in
            envelopes.compactMap { envelope -> String? in
                let wasShown = world.shown[key.mailbox, default: []].contains(key)
                let expired = model.endings[key, default: []].contains {
                    $0.tombstone.reason == .expired && $0.tombstone.at.milliseconds >= Model.expiry(envelope)
                }
                return wasShown || world.refused.contains(key) || expired ? nil : "\(key.id) was promised and lost"
            }
        }
    }

    /// What a recipient saw twice, or in another order than the log has it. Deposits sent again, or left unjudged, have
    /// no place in the order.
    private func disordered(_ world: World) -> [String] {
        var places: [DepositKey: [UInt64]] = [:]
        for case (let offset, .envelope(let envelope)) in world.log.history {
            places[envelope.key, default: []].append(offset)
        }
        var faults: [String] = []
        for keys in world.shown.values {
            if Set(keys).count != keys.count { faults.append("a deposit was shown twice") }
            for (_, ofOneSender) in Dictionary(grouping: keys, by: { world.senderOf[$0] }) {
                let order = ofOneSender.filter { places[$0]?.count == 1 && !world.left.contains($0) }
                    .compactMap { places[$0]?.first }
                if order != order.sorted() { faults.append("deposits of one sender came in the order \(order)") }
            }
        }
        return faults
    }

    /// Receipts for what was acknowledged, and for nothing else.
    private func receipts(_ world: World, _ model: Model) -> [String] {
        var made: Set<DepositKey> = []
        var acknowledged: Set<DepositKey> = []
        var faults: [String] = []
        for case (_, .tombstone(let tombstone)) in world.log.history where tombstone.reason == .acknowledged {
            acknowledged.insert(tombstone.key)
        }
        for case (_, .envelope(let envelope)) in world.log.history {
            guard case .receipt(let header) = envelope.subject else { continue }
            let key = DepositKey(id: header.deposit, mailbox: header.recipient)
            made.insert(key)
            if !acknowledged.contains(key) { faults.append("a receipt for \(key.id), which was not acknowledged") }
        }
        // Once compacted, a tombstone may be all that a rebuilt view sees of a deposit.
        guard !world.log.hasCompacted else { return faults }
        for (key, endings) in model.endings where !made.contains(key) {
            let isDue = endings.contains { $0.tombstone.reason == .acknowledged && $0.envelope.receiptTo != nil }
            if isDue { faults.append("no receipt for \(key.id)") }
        }
        return faults
    }
}
