import Foundation
import MailboxAPI
import Primitives
import ProtobufSamples
import RPC
import Testing

/// Typed services, health and reflection, over TLS.
@Suite(.timeLimit(.minutes(1))) struct ServiceTests {
    @Test func typedMethodsOfAllKindsReachTheirHandlers() async throws {
        let world = try World()
        let channel = try world.channel()
        let answer = try await channel.call(Methods.exchange, MIKEYMessage(octets: [1, 2]))
        #expect(answer == MIKEYMessage(octets: [2, 1]))

        let deposit = try channel.open(Methods.deposit)
        #expect(try await deposit.send(DepositRequest(.opening(DepositOpening()))))
        for _ in 0..<3 { #expect(try await deposit.send(DepositRequest(.chunk([0, 0])))) }
        #expect(try await deposit.response() == DepositReceipt(receivedAtMs: 6, mac: []))

        let receive = try channel.open(Methods.receive)
        #expect(try await receive.send(ReceiveRequest(.mikey([9]))))
        #expect(try await receive.receive() == ReceiveResponse(.mikey([9])))
        await receive.finish()
        #expect(try await receive.receive() == nil)

        let published = try await channel.call(Methods.publishPresence, PublishPresenceRequest(events: ["a", "b"], proof: nil))
        #expect(published.accepted == 2)
        await world.server.shutdown(grace: .seconds(1))
    }

    @Test func requestsThatCannotBeReadAreInvalid() async throws {
        let world = try World()
        let channel = try world.channel()
        let expected = RPCStatus(
            .invalidArgument,
            "posterestante.v1.MIKEYMessage cannot be read: the message ends inside a field")
        await #expect(throws: expected) { try await channel.unary(Methods.exchange.path, [0x0a, 5]) }
        let call = try channel.bidirectional(Methods.receive.path)
        #expect(try await call.send([0x0a]))
        await #expect(throws: RPCStatus.self) { try await call.receive() }
        await world.server.shutdown(grace: .seconds(1))
    }

    @Test func healthTellsOfEachServiceAndOfChanges() async throws {
        let world = try World()
        let channel = try world.channel()
        for service in ["", "posterestante.v1.Mailbox"] {
            let health = try await channel.call(Methods.checkHealth, HealthCheckRequest(service: service))
            #expect(health.status == .serving)
        }
        await #expect(throws: RPCStatus(.notFound, "this server has no service none")) {
            try await channel.call(Methods.checkHealth, HealthCheckRequest(service: "none"))
        }
        let watch = try await channel.open(Methods.watchHealth, HealthCheckRequest(service: ""))
        #expect(try await watch.receive()?.status == .serving)
        world.health.setAll(.notServing)
        #expect(try await watch.receive()?.status == .notServing)
        let unknown = try await channel.open(Methods.watchHealth, HealthCheckRequest(service: "later"))
        #expect(try await unknown.receive()?.status == .serviceUnknown)
        world.health.set(.serving, of: "later")
        #expect(try await unknown.receive()?.status == .serving)
        watch.cancel()
        unknown.cancel()
        await world.server.shutdown(grace: .seconds(1))
    }

    @Test(arguments: [Methods.reflect, Methods.reflectAlpha])
    func reflectionListsServicesAndGivesTheirFiles(
        _ method: BidirectionalMethod<ServerReflectionRequest, ServerReflectionResponse>
    ) async throws {
        let world = try World()
        let call = try world.channel().open(method)
        func ask(_ question: ServerReflectionRequest.Question) async throws -> ServerReflectionResponse.Answer? {
            let request = ServerReflectionRequest(host: "here", question: question)
            #expect(try await call.send(request))
            let response = try await call.receive()
            #expect(response?.originalRequest == request)
            #expect(response?.validHost == "here")
            return response?.answer
        }
        let names = [
            "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
            "posterestante.v1.Mailbox",
        ]
        #expect(
            try await ask(.listServices("*"))
                == .services(ListServiceResponse(services: names.map { ServiceResponse(serviceName: $0) })))
        let file = try await ask(.fileByName("poste.proto"))
        guard case .files(let files) = file else {
            Issue.record("no file")
            return
        }
        #expect(files.files.count == 1)
        for symbol in [
            "posterestante.v1.Mailbox", "posterestante.v1.Mailbox.Deposit", "posterestante.v1.Delivery",
            "posterestante.v1.Delivery.mac", "posterestante.v1.ReceiveRequest.part",
        ] {
            #expect(try await ask(.fileContainingSymbol(symbol)) == file, "\(symbol)")
        }
        #expect(
            try await ask(.fileContainingSymbol("grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING"))
                == ask(.fileByName("grpc/health/v1/health.proto")))
        for name in names {
            guard case .files = try await ask(.fileContainingSymbol(name)) else {
                Issue.record("\(name) is listed and has no file")
                continue
            }
        }
        #expect(
            try await ask(.extensionNumbers("posterestante.v1.Delivery"))
                == .extensionNumbers(ExtensionNumberResponse(baseTypeName: "posterestante.v1.Delivery")))
        for question: ServerReflectionRequest.Question in [
            .fileByName("none"), .fileContainingSymbol("none"), .extensionNumbers("none"),
            .fileContainingExtension(ExtensionRequest(containingType: "posterestante.v1.Delivery", number: 99)),
        ] {
            guard case .error(let error) = try await ask(question) else {
                Issue.record("\(question) has an answer")
                continue
            }
            #expect(error.code == 5)
        }
        await call.finish()
        #expect(try await call.receive() == nil)
        await world.server.shutdown(grace: .seconds(1))
    }

    /// Somebody else's gRPC, with nothing but reflection.
    @Test(.enabled(if: World.hasGRPCForPython, "SKIPPED: pip install grpcio grpcio-reflection protobuf"))
    func pythonListsAndCallsEverything() async throws {
        let world = try World()
        let roots = FileManager.default.temporaryDirectory.appendingPathComponent("roots-\(UUID().uuidString).pem")
        defer { try? FileManager.default.removeItem(at: roots) }
        try world.rootsPEM.write(to: roots, atomically: true, encoding: .utf8)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Interop/grpc_interop.py").standardized
        let arguments = [
            script.path, "--target", "localhost:\(world.server.port)", "--roots", roots.path,
            "--expect", "posterestante.v1.Mailbox", "--timeout", "1",
        ]
        // On a thread of its own: the pool's few threads are needed by the server that the script talks to.
        let output = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try Tool.run(World.python, arguments) }) }
        }
        #expect(String(decoding: output, as: UTF8.self).contains("OK: 4 services"))
        await world.server.shutdown(grace: .seconds(1))
    }
}

/// A mailbox that echoes, with health and reflection.
struct World {
    static let python = ProcessInfo.processInfo.environment["INTEROP_PYTHON"] ?? "python3"
    static let hasGRPCForPython = (try? Tool.run(python, ["-c", "import grpc, grpc_reflection"])) != nil

    let server: RPCServer
    let health = Health(services: ["posterestante.v1.Mailbox"])
    let rootsPEM: String

    init() throws {
        let now = UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let authority = try CertificateAuthority(commonName: "Test authority", now: now)
        rootsPEM = authority.certificatePEM
        let credentials = try authority.issue(commonName: "front", hosts: ["localhost"], now: now)
        let services = [RPCService.mailbox(EchoMailbox()), health.service]
        server = try RPCServer(
            RPCServerConfiguration(
                host: "127.0.0.1", port: 0, security: .tls(RPCCertificate(credentials), clients: .none)),
            services: services + Reflection.services(describing: services.map(\.name)))
    }

    func channel() throws -> RPCChannel {
        try RPCChannel(
            RPCChannelConfiguration(host: "localhost", port: server.port, security: .tls(rootsPEM: rootsPEM)))
    }
}

private struct EchoMailbox: MailboxHandlers {
    func exchange(_ request: MIKEYMessage, _ context: RPCContext) async throws -> MIKEYMessage {
        MIKEYMessage(octets: request.octets.reversed())
    }

    func deposit(_ requests: Requests<DepositRequest>, _ context: RPCContext) async throws -> DepositReceipt {
        var octets: UInt64 = 0
        for try await request in requests {
            if case .chunk(let chunk) = request.part { octets += UInt64(chunk.count) }
        }
        return DepositReceipt(receivedAtMs: octets, mac: [])
    }

    func receive(
        _ requests: Requests<ReceiveRequest>, _ responses: Responses<ReceiveResponse>, _ context: RPCContext
    ) async throws {
        for try await request in requests {
            if case .mikey(let octets) = request.part { try await responses.send(ReceiveResponse(.mikey(octets))) }
        }
    }

    func publishPresence(
        _ request: PublishPresenceRequest, _ context: RPCContext
    ) async throws -> PublishPresenceResponse {
        PublishPresenceResponse(accepted: UInt32(request.events.count))
    }
}
