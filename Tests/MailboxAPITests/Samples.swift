import MailboxAPI
import Primitives
import ProtobufSamples

/// One message of each type.
extension Sample {
    private static let opening = DepositOpening(
        csbID: [0, 1, 2, 255], initiator: [65], header: [66, 67], tag: [7], esk: [8, 9])
    private static let question = ServerReflectionRequest(host: "h", question: .fileContainingSymbol("a.B"))

    static let all: [Sample] = mailbox + keys + push + tools

    private static let mailbox = [
        Sample(MIKEYMessage(octets: [1, 0, 200]), #"octets: "\001\000\310""#),
        Sample(
            DepositRequest(.opening(opening)),
            #"opening { csb_id: "\000\001\002\377" initiator: "A" header: "BC" tag: "\007" esk: "\b\t" }"#),
        Sample(DepositRequest(.chunk([])), #"chunk: """#),
        Sample(
            DepositRequest(.closing(DepositClosing(ciphertextSHA256: [1, 2], senderProof: [3]))),
            #"closing { ciphertext_sha256: "\001\002" sender_proof: "\003" }"#),
        Sample(
            DepositReceipt(receivedAtMs: 1_800_000_000_123, mac: [9]), #"received_at_ms: 1800000000123 mac: "\t""#),
        Sample(ReceiveRequest(.mikey([5])), #"mikey: "\005""#),
        Sample(
            ReceiveRequest(.acknowledgement(Acknowledgement(sequence: .max, id: [1], refused: true, mac: [2]))),
            #"acknowledgement { sequence: 18446744073709551615 id: "\001" refused: true mac: "\002" }"#),
        Sample(ReceiveRequest(.contactMAC([7])), #"contact_mac: "\007""#),
        Sample(ReceiveResponse(.mikey([6])), #"mikey: "\006""#),
        Sample(
            ReceiveResponse(
                .delivery(
                    Delivery(
                        sequence: 300, header: [1], esk: [2], sender: [3], receivedAtMs: 4, senderProof: [5], mac: [6],
                        ciphertextOctets: 7))),
            #"""
            delivery { sequence: 300 header: "\001" esk: "\002" sender: "\003" received_at_ms: 4
              sender_proof: "\005" mac: "\006" ciphertext_octets: 7 }
            """#),
        Sample(ReceiveResponse(.chunk([8, 9])), #"chunk: "\010\t""#),
        Sample(ReceiveResponse(.settled(Settled(sequence: 1, id: [2]))), #"settled { sequence: 1 id: "\002" }"#),
        Sample(ReceiveResponse(.caughtUp(CaughtUp())), "caught_up { }"),
        Sample(
            PublishPresenceRequest(events: ["{}", "", "ü"], proof: PresenceProof(csbID: [1], initiator: [65], mac: [2])),
            #"events: "{}" events: "" events: "ü" proof { csb_id: "\001" initiator: "A" mac: "\002" }"#),
        Sample(PublishPresenceResponse(accepted: .max), "accepted: 4294967295"),
    ]

    private static let keys = [
        Sample(GetParametersRequest(), ""),
        Sample(
            GetParametersResponse(parameters: [[1], [], [2]]), #"parameters: "\001" parameters: "" parameters: "\002""#),
        Sample(
            EnrollRequest(identities: ["sip:a@b"], mailboxDomain: "b"), #"identities: "sip:a@b" mailbox_domain: "b""#),
        Sample(
            EnrollResponse(pskName: [1], psk: SecretBytes([2]), kms: [3], parameters: [[4]]),
            #"psk_name: "\001" psk: "\002" kms: "\003" parameters: "\004""#),
    ]

    private static let push = [
        Sample(
            PushRequest(.opening(PushOpening(recipient: [1], stream: [2]))),
            #"opening { recipient: "\001" stream: "\002" }"#),
        Sample(
            PushRequest(.deposit(PushDeposit(envelope: [1], offset: 2, before: PushedBefore(offset: 0)))),
            #"deposit { envelope: "\001" offset: 2 before { } }"#),
        Sample(
            PushRequest(.deposit(PushDeposit(envelope: [1], offset: 2, before: nil))),
            #"deposit { envelope: "\001" offset: 2 }"#),
        Sample(PushRequest(.chunk([1])), #"chunk: "\001""#),
        Sample(PushRequest(.caughtUp(CaughtUp())), "caught_up { }"),
        Sample(PushResponse(.ready(PushReady())), "ready { }"),
        Sample(
            PushResponse(.outcome(PushOutcome(id: [1], refused: true))), #"outcome { id: "\001" refused: true }"#),
        Sample(DialRequest(recipient: [65], contact: "h:1"), #"recipient: "A" contact: "h:1""#),
        Sample(
            DialResponse(outcome: .notProven, reason: "r"), #"outcome: DIAL_OUTCOME_NOT_PROVEN reason: "r""#),
    ]

    private static let tools = [
        Sample(HealthCheckRequest(service: "s"), #"service: "s""#),
        Sample(HealthCheckResponse(status: .serviceUnknown), "status: SERVICE_UNKNOWN"),
        Sample(question, #"host: "h" file_containing_symbol: "a.B""#),
        Sample(ServerReflectionRequest(host: "", question: .fileByName("f")), #"file_by_filename: "f""#),
        Sample(
            ServerReflectionRequest(
                host: "", question: .fileContainingExtension(ExtensionRequest(containingType: "t", number: -1))),
            #"file_containing_extension { containing_type: "t" extension_number: -1 }"#),
        Sample(
            ServerReflectionRequest(host: "", question: .extensionNumbers("t")), #"all_extension_numbers_of_type: "t""#),
        Sample(ServerReflectionRequest(host: "", question: .listServices("*")), #"list_services: "*""#),
        Sample(
            ServerReflectionResponse(
                validHost: "v", originalRequest: question, answer: .files(FileDescriptorResponse(files: [[1]]))),
            #"""
            valid_host: "v" original_request { host: "h" file_containing_symbol: "a.B" }
            file_descriptor_response { file_descriptor_proto: "\001" }
            """#),
        Sample(
            ServerReflectionResponse(
                validHost: "", originalRequest: nil,
                answer: .extensionNumbers(ExtensionNumberResponse(baseTypeName: "t"))),
            #"all_extension_numbers_response { base_type_name: "t" }"#),
        Sample(
            ServerReflectionResponse(
                validHost: "", originalRequest: nil,
                answer: .services(
                    ListServiceResponse(services: [ServiceResponse(serviceName: "a"), ServiceResponse()]))),
            #"list_services_response { service { name: "a" } service { } }"#),
        Sample(
            ServerReflectionResponse(
                validHost: "", originalRequest: nil, answer: .error(ErrorResponse(code: 5, message: "m"))),
            #"error_response { error_code: 5 error_message: "m" }"#),
    ]
}
