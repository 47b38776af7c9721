import CRdKafka
import Mailbox

/// A record on its way into librdkafka, which copies it.
struct Message {
    let record: LogRecord
    let topic: OpaquePointer
    let partition: Int32
    let ticket: UInt

    /// Queues it; never waits.
    func produce(_ handle: KafkaHandle) -> KafkaFault? {
        let headers = copiedHeaders()
        let fault = Self.withOctets(record.key) { key, keySize in
            Self.withOctets(record.value) { value, valueSize in
                var arguments: [rd_kafka_vu_t] = [
                    argument(RD_KAFKA_VTYPE_RKT) { $0.u.rkt = topic },
                    argument(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = partition },
                    argument(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = Int32(RD_KAFKA_MSG_F_COPY) },
                    argument(RD_KAFKA_VTYPE_KEY) {
                        $0.u.mem.ptr = key
                        $0.u.mem.size = keySize
                    },
                    argument(RD_KAFKA_VTYPE_VALUE) {
                        $0.u.mem.ptr = value
                        $0.u.mem.size = valueSize
                    },
                    argument(RD_KAFKA_VTYPE_OPAQUE) { $0.u.ptr = UnsafeMutableRawPointer(bitPattern: ticket) },
                ]
                if let headers { arguments.append(argument(RD_KAFKA_VTYPE_HEADERS) { $0.u.headers = headers }) }
                return KafkaFault(taking: rd_kafka_produceva(handle.pointer, &arguments, arguments.count))
            }
        }
        // A message that was queued owns its headers.
        if fault != nil, let headers { rd_kafka_headers_destroy(headers) }
        return fault
    }

    private func argument(_ type: rd_kafka_vtype_t, _ fill: (inout rd_kafka_vu_t) -> Void) -> rd_kafka_vu_t {
        var argument = rd_kafka_vu_t()
        argument.vtype = type
        fill(&argument)
        return argument
    }

    private func copiedHeaders() -> OpaquePointer? {
        guard !record.headers.isEmpty, let headers = rd_kafka_headers_new(record.headers.count) else { return nil }
        for header in record.headers {
            Self.withOctets(header.value) { value, size in
                _ = rd_kafka_header_add(headers, header.name, -1, value, size)
            }
        }
        return headers
    }

    /// The octets as C wants them: a null pointer means none, which is not the same as empty.
    private static func withOctets<Result>(
        _ octets: [UInt8]?, _ body: (UnsafeMutableRawPointer?, Int) -> Result
    ) -> Result {
        guard let octets else { return body(nil, 0) }
        return (octets.isEmpty ? [0] : octets).withUnsafeBytes { buffer in
            body(UnsafeMutableRawPointer(mutating: buffer.baseAddress), octets.count)
        }
    }
}
