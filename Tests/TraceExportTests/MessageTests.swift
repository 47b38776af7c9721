import MailboxAPI
import Observability
import ProtobufSamples
import TestVectors
import Testing
import TraceExport

/// The messages of OTLP against its .proto files.
@Suite struct MessageTests {
    private static let files = ProtoFiles(
        in: "Sources/Adapters/TraceExport",
        [
            "opentelemetry/proto/collector/trace/v1/trace_service.proto", "opentelemetry/proto/trace/v1/trace.proto",
            "opentelemetry/proto/resource/v1/resource.proto", "opentelemetry/proto/common/v1/common.proto",
        ])

    @Test(
        .enabled(if: Tool.hasProtoc, "SKIPPED: protoc is missing; get it with `apt install protobuf-compiler`"),
        arguments: Sample.all)
    func protocReadsAndWritesTheSame(_ sample: Sample) throws {
        let encoded = try Self.files.encode(sample)
        #expect(encoded == sample.octets, "our octets are those that protoc writes")
        #expect(try sample.isEqual(encoded), "what protoc writes is what we read")
    }

    @Test func everyMessageOfTheFilesIsHere() throws {
        #expect(try Self.files.outerMessages().subtracting(Sample.all.map(\.name)) == [])
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func mutatedMessagesFailOrComeBack(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<500 {
            for sample in Sample.all {
                let octets = mutated(sample.octets, using: &random)
                guard let once = try? sample.reencode(octets) else { continue }
                accepted += 1
                #expect(try sample.reencode(once) == once, "\(sample.name) \(octets)")
            }
        }
        #expect(accepted > 0)
    }
}

extension Sample {
    /// One message of each type.
    static let all: [Sample] = [
        Sample(
            request(),
            #"""
            resource_spans {
              resource { attributes { key: "service.name" value { string_value: "poste-front" } } }
              scope_spans {
                scope { name: "poste" }
                spans {
                  trace_id: "\001\002" span_id: "\003" parent_span_id: "\004" name: "push" kind: SPAN_KIND_CLIENT
                  start_time_unix_nano: 18446744073709551615 end_time_unix_nano: 1
                  attributes { key: "a" value { string_value: "" } }
                  attributes { key: "b" value { bool_value: false } }
                  attributes { key: "c" value { int_value: 0 } }
                  attributes { key: "d" value { int_value: -9223372036854775808 } }
                  attributes { key: "e" value { } }
                  links { trace_id: "\005" span_id: "\006" }
                  status { message: "not stored" code: STATUS_CODE_ERROR }
                }
                spans { name: "fold" kind: SPAN_KIND_CONSUMER }
              }
            }
            """#),
        Sample(OTLP.ExportRequest(), ""),
        Sample(OTLP.ExportResponse(), ""),
        Sample(response(), #"partial_success { rejected_spans: 9223372036854775807 error_message: "no" }"#),
        Sample(OTLP.AnyValue(true), "bool_value: true"),
    ]

    private static func request() -> OTLP.ExportRequest {
        var span = OTLP.Span()
        (span.traceID, span.spanID, span.parentSpanID) = ([1, 2], [3], [4])
        (span.name, span.kind, span.start, span.end) = ("push", 3, .max, 1)
        var empty = OTLP.KeyValue("e", "")
        empty.value = OTLP.AnyValue()
        span.attributes = [
            OTLP.KeyValue("a", ""), OTLP.KeyValue("b", false), OTLP.KeyValue("c", 0), OTLP.KeyValue("d", .number(.min)),
            empty,
        ]
        span.links = [OTLP.Link(traceID: [5], spanID: [6])]
        span.status = OTLP.Status(failure: "not stored")
        var other = OTLP.Span()
        (other.name, other.kind) = ("fold", 5)
        var scope = OTLP.ScopeSpans()
        scope.scope = OTLP.Scope(name: "poste")
        scope.spans = [span, other]
        var spans = OTLP.ResourceSpans()
        spans.resource = OTLP.Resource(attributes: [OTLP.KeyValue("service.name", "poste-front")])
        spans.scopeSpans = [scope]
        var request = OTLP.ExportRequest()
        request.resourceSpans = [spans]
        return request
    }

    private static func response() -> OTLP.ExportResponse {
        var partial = OTLP.PartialSuccess()
        (partial.rejectedSpans, partial.errorMessage) = (.max, "no")
        var response = OTLP.ExportResponse()
        response.partialSuccess = partial
        return response
    }
}
