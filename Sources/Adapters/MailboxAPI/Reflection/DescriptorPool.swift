import Foundation

/// The .proto files of this module, findable by name and by what they define.
struct DescriptorPool: Sendable {
    /// FileDescriptorProto octets by file name.
    private(set) var files: [String: [UInt8]] = [:]
    /// The file of each full name.
    private var symbols: [String: String] = [:]
    private var messages: Set<String> = []

    /// Everything that `regenerate.sh` has written.
    static let standard: DescriptorPool = {
        var pool = DescriptorPool()
        for set in Descriptors.sets {
            // Tests show that what is committed can be read and is current.
            guard let data = Data(base64Encoded: set, options: .ignoreUnknownCharacters) else { continue }
            try? pool.add(set: [UInt8](data))
        }
        return pool
    }()

    /// Adds the files of a FileDescriptorSet.
    mutating func add(set octets: [UInt8]) throws(ProtobufError) {
        var reader = ProtobufReader(octets[...])
        while let field = try reader.next() {
            if field.number == 1 { try add(file: try field.octets()) }
        }
    }

    /// The file that defines a service, a method, a message, an enumeration or one of their parts.
    func file(defining symbol: String) -> [UInt8]? {
        symbols[symbol].flatMap { files[$0] }
    }

    /// Whether a message of that full name is defined.
    func hasMessage(_ name: String) -> Bool { messages.contains(name) }

    // Field numbers are those of google/protobuf/descriptor.proto.

    private mutating func add(file octets: [UInt8]) throws(ProtobufError) {
        let parts = try Parts(octets)
        let file = try parts.text(1)
        files[file] = octets
        let package = try parts.text(2)
        for message in parts[4] { try add(message: message, in: package, file, depth: 0) }
        for enumeration in parts[5] { try add(enumeration, in: package, file, members: 2) }
        for service in parts[6] { try add(service, in: package, file, members: 2) }
    }

    private mutating func add(
        message octets: [UInt8], in scope: String, _ file: String, depth: Int
    ) throws(ProtobufError) {
        guard depth < 32 else { throw .invalidGroup }
        let parts = try Parts(octets)
        let name = join(scope, try parts.text(1))
        symbols[name] = file
        messages.insert(name)
        // Fields and oneofs.
        for member in parts[2] + parts[8] { symbols[join(name, try Parts(member).text(1))] = file }
        for nested in parts[3] { try add(message: nested, in: name, file, depth: depth + 1) }
        for enumeration in parts[4] { try add(enumeration, in: name, file, members: 2) }
    }

    /// A service with its methods, or an enumeration with its values.
    private mutating func add(
        _ octets: [UInt8], in scope: String, _ file: String, members: Int
    ) throws(ProtobufError) {
        let parts = try Parts(octets)
        let name = join(scope, try parts.text(1))
        symbols[name] = file
        for member in parts[members] { symbols[join(name, try Parts(member).text(1))] = file }
    }

    private func join(_ scope: String, _ name: String) -> String {
        scope.isEmpty ? name : scope + "." + name
    }
}

/// The embedded fields of one message, by number.
private struct Parts {
    private var fields: [Int: [[UInt8]]] = [:]

    init(_ octets: [UInt8]) throws(ProtobufError) {
        var reader = ProtobufReader(octets[...])
        while let field = try reader.next() {
            if case .octets(let value) = field.value { fields[field.number, default: []].append(Array(value)) }
        }
    }

    subscript(_ number: Int) -> [[UInt8]] { fields[number] ?? [] }

    func text(_ number: Int) throws(ProtobufError) -> String {
        String(decoding: self[number].last ?? [], as: UTF8.self)
    }
}
