import IBAKE
import IdentityBasedEncryption
import Mailbox
import MailboxAPI
import MIKEY
import Primitives
import RPC

/// Somebody with keys of the days around the cluster's now, who runs every exchange by hand.
package struct Person: Sendable {
    package let identity: Identity
    package let cluster: TestCluster

    init(_ identity: Identity, _ cluster: TestCluster) {
        self.identity = identity
        self.cluster = cluster
    }

    /// His keys.
    package func ring() throws -> KeyRing {
        var ring = KeyRing(parameters: [cluster.keys.master.parameters])
        for days in -1...1 {
            let dated = DatedIdentity(identity, on: cluster.clock.now.day.advanced(by: Int64(days)))
            try ring.add(cluster.keys.master.extract(dated.octets))
        }
        return ring
    }

    /// An exchange that begins.
    package func begin(_ called: Identity) throws -> IBAKEInitiator {
        try IBAKEInitiator(
            IBAKECall(from: identity, to: called), keys: ring(), now: cluster.clock.now, random: SystemRandom())
    }

    package func second(_ first: IBAKEInitiator, _ rMessage1: [UInt8]) throws -> IBAKEInitiator.SecondRound {
        try first.receive(rMessage1: rMessage1, keys: ring(), now: cluster.clock.now, random: SystemRandom())
    }

    /// The four messages of a deposit's exchange; the second of his two goes to the last of the fronts.
    package func handshake(
        with called: Identity, over first: TestFront, _ last: TestFront? = nil
    ) async throws -> EstablishedSession {
        let initiator = try begin(called)
        let second = try second(initiator, try await first.exchange(initiator.iMessage1))
        return try second.receive(rMessage2: try await (last ?? first).exchange(second.iMessage2), keys: ring())
    }
}

extension TestFront {
    /// `Mailbox.Exchange`.
    package func exchange(_ message: [UInt8], metadata: RPCMetadata = [:]) async throws(RPCStatus) -> [UInt8] {
        try await channel.call(
            Methods.exchange, MailboxAPI.MIKEYMessage(octets: message), deadline: .seconds(30),
            metadata: metadata, waitsForReady: true
        ).octets
    }
}

/// The number of an Error message; nil for another message.
package func errorNumber(_ octets: [UInt8]) throws -> UInt8? { try MIKEY.MIKEYMessage(octets: octets).errorNumber }

/// The status that something fails with, or nil where it does not.
package func status(_ body: () async throws -> some Any) async throws -> RPCStatus? {
    do {
        _ = try await body()
        return nil
    } catch let status as RPCStatus {
        return status
    }
}
