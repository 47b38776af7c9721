import COpenSSL

/// Octets that are wiped when the last owner lets go, compared in constant time, and never printed.
///
/// Copies of the value share one buffer; the buffer is not changed after it is made.
public struct SecretBytes: Sendable {
    private let storage: SecretStorage

    /// A copy of the octets. The caller's own copy is the caller's to wipe.
    public init(_ octets: some Collection<UInt8>) {
        storage = SecretStorage(count: octets.count) { buffer in
            _ = buffer.initialize(from: octets)
        }
    }

    /// `count` octets, written by `initializer` into zeroed memory.
    ///
    /// The pointer is valid during the call only. It is here so that C libraries can write a secret straight into its place.
    public init<Failure: Error>(
        count: Int, initializer: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        storage = try SecretStorage(count: count, initializer: initializer)
    }

    /// The number of octets.
    public var count: Int { storage.buffer.count }

    /// Whether there are no octets.
    public var isEmpty: Bool { count == 0 }

    /// Lends the octets to a C library or a parser. The pointer is valid during the call only.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeBufferPointer(storage.buffer))
    }

    /// A plain copy, for where the octets stop being a secret or an interface takes nothing else. It is not wiped.
    public func exposedCopy() -> [UInt8] { Array(storage.buffer) }

    /// The octets of a range, as a secret of their own.
    public subscript(range: Range<Int>) -> SecretBytes {
        SecretBytes(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(storage.buffer)[range]))
    }

    /// The parts one after the other.
    public static func concatenating(_ parts: [SecretBytes]) -> SecretBytes {
        SecretBytes(count: parts.reduce(0) { $0 + $1.count }) { buffer in
            var offset = 0
            for part in parts {
                part.withUnsafeBytes { source in
                    for index in 0..<source.count { buffer[offset + index] = source[index] }
                }
                offset += part.count
            }
        }
    }
}

extension SecretBytes: Equatable {
    /// Compares in time that depends on the lengths alone.
    public static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        left.withUnsafeBytes { a in right.withUnsafeBytes { b in constantTimeEqual(a, b) } }
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The length only.
    public var description: String { "SecretBytes(\(count) octets)" }
    /// The length only.
    public var debugDescription: String { description }
    /// Nothing: `dump` must not show a secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Compares two octet strings in time that depends on their lengths alone.
public func constantTimeEqual(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
}

/// The memory behind `SecretBytes`.
///
/// `@unchecked`: a raw buffer is not `Sendable`, but this one is written only before `init` returns.
private final class SecretStorage: @unchecked Sendable {
    let buffer: UnsafeMutableBufferPointer<UInt8>

    init<Failure: Error>(
        count: Int, initializer: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        buffer = .allocate(capacity: count)
        buffer.initialize(repeating: 0)
        try initializer(buffer)
    }

    deinit {
        OPENSSL_cleanse(buffer.baseAddress, buffer.count)
        buffer.deallocate()
    }
}
