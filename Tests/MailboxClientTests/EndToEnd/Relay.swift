import MailboxAPI
import RPC
import Synchronization

/// Stands before a real front and relays every call to it, but for the faults that it is told to make.
final class Relay: MailboxHandlers {
    /// What goes wrong with a deposit.
    enum DepositFault: Sendable {
        /// The front does not get it; the sender gets this.
        case refuse(RPCStatus)
        /// The call breaks after so many messages; the closure runs then.
        case cut(after: Int, then: @Sendable () -> Void = {})
        /// The front has it, and the sender gets no answer.
        case loseAnswer
        /// The sender gets a receipt with another MAC.
        case forgeReceipt
    }

    private struct Plan {
        var deposits: [DepositFault] = []
        var streams: [@Sendable (ReceiveResponse) -> ReceiveResponse?] = []
    }

    private let front: RPCChannel
    private let plan = Mutex(Plan())

    init(_ front: RPCChannel) { self.front = front }

    /// The next deposits go wrong in this way, one after the other.
    func breakDeposits(_ faults: [DepositFault]) { plan.withLock { $0.deposits += faults } }

    /// What the next stream brings passes through this; where it gives nothing the stream breaks.
    func tamperNextStream(_ tamper: @escaping @Sendable (ReceiveResponse) -> ReceiveResponse?) {
        plan.withLock { $0.streams.append(tamper) }
    }

    func exchange(_ request: MIKEYMessage, _ context: RPCContext) async throws -> MIKEYMessage {
        try await front.call(Methods.exchange, request)
    }

    func deposit(_ requests: Requests<DepositRequest>, _ context: RPCContext) async throws -> DepositReceipt {
        let fault = plan.withLock { $0.deposits.isEmpty ? nil : $0.deposits.removeFirst() }
        if case .refuse(let status) = fault { throw status }
        let call = try front.open(Methods.deposit)
        var count = 0
        while let request = try await requests.next() {
            if case .cut(let limit, let then) = fault, count == limit {
                call.cancel()
                then()
                throw RPCStatus(.unavailable, "cut")
            }
            count += 1
            guard try await call.send(request) else { break }
        }
        var receipt = try await call.response()
        switch fault {
        case .loseAnswer: throw RPCStatus(.unavailable, "the answer was lost")
        case .forgeReceipt: receipt.mac[0] ^= 1
        default: break
        }
        return receipt
    }

    func receive(
        _ requests: Requests<ReceiveRequest>, _ responses: Responses<ReceiveResponse>, _ context: RPCContext
    ) async throws {
        let tamper = plan.withLock { $0.streams.isEmpty ? nil : $0.streams.removeFirst() }
        let call = try front.open(Methods.receive)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while let request = try await requests.next() { _ = try await call.send(request) }
                await call.finish()
            }
            group.addTask {
                while let response = try await call.receive() {
                    guard let passed = tamper.map({ $0(response) }) ?? response else {
                        throw RPCStatus(.unavailable, "the stream broke")
                    }
                    try await responses.send(passed)
                }
            }
            defer {
                group.cancelAll()
                call.cancel()
            }
            while try await group.next() != nil {}
        }
    }

    func publishPresence(
        _ request: PublishPresenceRequest, _ context: RPCContext
    ) async throws -> PublishPresenceResponse {
        try await front.call(Methods.publishPresence, request)
    }
}
