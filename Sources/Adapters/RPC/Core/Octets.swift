import CGRPC

// Octets in and out of gRPC's slices and byte buffers. Everything is copied: no pointer of gRPC's is kept.

extension grpc_slice {
    /// A slice of its own with these octets; whoever makes it unrefs it.
    static func copying(_ octets: [UInt8]) -> grpc_slice {
        octets.withUnsafeBytes { grpc_slice_from_copied_buffer($0.baseAddress, $0.count) }
    }
}

extension [UInt8] {
    init(copying slice: grpc_slice) {
        self = Swift.withUnsafePointer(to: slice) {
            // The pointer may lead into the slice itself (short ones are inline): it is used inside the closure only.
            Array(UnsafeBufferPointer(start: cgrpc_slice_bytes($0), count: cgrpc_slice_length($0)))
        }
    }
}

extension String {
    /// Ill-formed UTF-8 is repaired: gRPC lets through only what HTTP/2 allows, and such text is for people.
    init(copying slice: grpc_slice) {
        self = Swift.withUnsafePointer(to: slice) {
            let octets = UnsafeBufferPointer(start: cgrpc_slice_bytes($0), count: cgrpc_slice_length($0))
            return String(decoding: octets, as: UTF8.self)
        }
    }

    /// Well-formed UTF-8 only.
    init?(validating octets: [UInt8], as encoding: UTF8.Type) {
        let text = String(decoding: octets, as: UTF8.self)
        guard text.utf8.elementsEqual(octets) else { return nil }
        self = text
    }

    /// Takes over a string that gRPC allocated.
    init?(adopting pointer: UnsafeMutablePointer<CChar>?) {
        guard let pointer else { return nil }
        defer { gpr_free(pointer) }
        self.init(cString: pointer)
    }
}

/// Memory on the heap that gRPC writes to until an event arrives, and that is read only after it: gRPC's operations
/// keep the addresses that they are given.
///
/// `@unchecked Sendable`: the queue of events orders gRPC's writes before our reads.
final class Cell<Value>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Value>
    private let destroy: (UnsafeMutablePointer<Value>) -> Void

    init(
        _ value: Value, initialize: (UnsafeMutablePointer<Value>) -> Void = { _ in },
        destroy: @escaping (UnsafeMutablePointer<Value>) -> Void = { _ in }
    ) {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: value)
        initialize(pointer)
        self.destroy = destroy
    }

    deinit {
        destroy(pointer)
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}

/// A message as gRPC holds it.
typealias CoreMessage = UnsafeMutablePointer<grpc_byte_buffer>

extension CoreMessage {
    /// Hands the octets to `body` as a message; gRPC keeps what it needs of it.
    static func withMessage<Result>(_ octets: [UInt8], _ body: (CoreMessage?) -> Result) -> Result {
        let message = octets.withUnsafeBytes { cgrpc_buffer_create($0.baseAddress, $0.count) }
        defer { grpc_byte_buffer_destroy(message) }
        return body(message)
    }

    /// The message's octets; nil when it cannot be read (it does not decompress).
    var octets: [UInt8]? {
        let count = grpc_byte_buffer_length(self)
        guard count > 0 else { return [] }
        var readable = true
        let octets = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            initialized = 0
            guard let start = target.baseAddress else { return }
            let copied = cgrpc_buffer_copy(self, start, target.count)
            readable = copied >= 0
            initialized = max(0, copied)
        }
        return readable ? octets : nil
    }
}

extension Cell<cgrpc_results> {
    /// For what a client's call receives.
    convenience init() {
        self.init(cgrpc_results(), initialize: { cgrpc_results_init($0) }, destroy: { cgrpc_results_destroy($0) })
    }
}

extension Cell<cgrpc_slot> {
    /// For what a server learns of a new call.
    convenience init() {
        self.init(cgrpc_slot(), initialize: { cgrpc_slot_init($0) }, destroy: { cgrpc_slot_destroy($0) })
    }
}

extension Cell<CoreMessage?> {
    /// For a message to come.
    convenience init() {
        self.init(nil, destroy: { if let message = $0.pointee { grpc_byte_buffer_destroy(message) } })
    }
}
