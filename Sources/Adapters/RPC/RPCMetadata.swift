import CGRPC

/// Metadata of a call: names in lower case with values of printable ASCII, or of any octets where the name ends in
/// `-bin` (gRPC carries those in base64). A name may occur more than once.
public struct RPCMetadata: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One name with its value.
    public struct Entry: Sendable, Hashable {
        /// Lower-case letters, digits, `-`, `_`, `.`.
        public var name: String
        /// Printable ASCII, or any octets where the name ends in `-bin`.
        public var value: [UInt8]

        /// Checked when the call is made.
        public init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// In the order in which they travel.
    public var entries: [Entry]

    /// The entries in order.
    public init(_ entries: [Entry] = []) {
        self.entries = entries
    }

    /// Names with texts.
    public init(dictionaryLiteral elements: (String, String)...) {
        entries = elements.map { Entry(name: $0.0, value: Array($0.1.utf8)) }
    }

    /// The first value of that name as text; nil where there is none or it is not UTF-8.
    public subscript(_ name: String) -> String? {
        octets(name).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The first value of that name.
    public func octets(_ name: String) -> [UInt8]? {
        entries.first { $0.name == name }?.value
    }
}

extension RPCMetadata {
    /// Copies what gRPC received; the array stays its own.
    init(copying array: grpc_metadata_array) {
        // An empty array has no storage, so there is no pointer to read.
        guard array.count > 0, let first = array.metadata else {
            self.init()
            return
        }
        self.init(
            UnsafeBufferPointer(start: first, count: array.count).map { element in
                Entry(name: String(copying: element.key), value: [UInt8](copying: element.value))
            })
    }

    /// Hands the metadata to `body` as gRPC wants them, valid until it returns: gRPC takes references of its own.
    func withCore<Result>(_ body: (UnsafeMutablePointer<grpc_metadata>?, Int) -> Result) -> Result {
        guard !entries.isEmpty else { return body(nil, 0) }
        var array = entries.map { entry in
            var metadata = grpc_metadata()
            metadata.key = .copying(Array(entry.name.utf8))
            metadata.value = .copying(entry.value)
            return metadata
        }
        defer {
            for metadata in array {
                grpc_slice_unref(metadata.key)
                grpc_slice_unref(metadata.value)
            }
        }
        return array.withUnsafeMutableBufferPointer { body($0.baseAddress, $0.count) }
    }
}
