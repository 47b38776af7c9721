/// What is wrong with a content that comes piece by piece.
public enum ContentError: Error, Sendable, Hashable {
    /// More octets came than the header announces.
    case tooLong(announced: UInt64)
    /// Fewer octets came than the header announces.
    case tooShort(announced: UInt64, received: UInt64)
    /// This chunk does not open: altered, out of order, or not of this deposit.
    case forged(chunk: UInt64)
    /// The library that seals failed.
    case failed(reason: String)
}

extension ContentError: CustomStringConvertible {
    /// The fault in plain words.
    public var description: String {
        switch self {
        case .tooLong(let announced): "the content is longer than the \(announced) octets that its header announces"
        case .tooShort(let announced, let received):
            "the content ends after \(received) octets; its header announces \(announced)"
        case .forged(let chunk): "chunk \(chunk) does not open: altered, out of order, or of another deposit"
        case .failed(let reason): "sealing or opening a chunk failed: \(reason)"
        }
    }
}
