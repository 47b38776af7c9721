import IBAKE
import IdentityBasedEncryption
import KeyManagementClient
import MailboxAPI
import Primitives
import RPC
import TestVectors

/// A KMS as far as fronts need one: it gives its one account whatever keys it asks for.
package struct TestKeyService: KeyManagementHandlers {
    private static let account = "front"

    package let master: BFMasterKey
    package let name: Identity
    let domains: [String]
    let clock: TestClock
    private let psk = SecretBytes([UInt8](repeating: 9, count: 32))

    /// With the parameters of level 1024 of the vectors.
    init(domains: [String], clock: TestClock) throws {
        let level = try Vector(file: "parameters.json")["levels"].list[0]
        master = try BFMasterKey(
            parameters: BFPublicParameters(der: level["BFPublicParameters"].octets),
            secret: BFMasterSecret(der: level["BFMasterSecret"].secret))
        name = try Identity("sip:kms@post.example")
        self.domains = domains
        self.clock = clock
    }

    var credentials: KeyManagementClient.Credentials {
        KeyManagementClient.Credentials(kms: name, preSharedKeyName: Array(Self.account.utf8), preSharedKey: psk)
    }

    package func requestKeys(
        _ request: MailboxAPI.MIKEYMessage, _ context: RPCContext
    ) async throws -> MailboxAPI.MIKEYMessage {
        let received = try ReceivedKeyRequest(request.octets, kms: name, now: clock.now).authenticated(by: psk)
        let keys = try received.request.requested.map { try master.extract($0.octets) }
        return MailboxAPI.MIKEYMessage(octets: try received.response(keys))
    }

    package func getParameters(
        _ request: GetParametersRequest, _ context: RPCContext
    ) async throws -> GetParametersResponse {
        let year: Int64 = 365 * 86_400_000
        return GetParametersResponse(
            parameters: try domains.map {
                try IBESysParams(
                    domain: $0, serial: 1, notBefore: TestClock.start.advanced(byMilliseconds: -year),
                    notAfter: TestClock.start.advanced(byMilliseconds: year), parameters: master.parameters
                ).der
            })
    }

    package func enroll(_ request: EnrollRequest, _ context: RPCContext) async throws -> EnrollResponse {
        throw RPCStatus(.unimplemented, "nobody enrols in these tests")
    }
}
