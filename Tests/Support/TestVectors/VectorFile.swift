import Foundation
import Primitives

/// A value in one of the files of `Tests/Vectors`, whose README explains the fields.
///
/// A field that is missing or of another kind is an error in the test: it throws with its path.
public struct Vector: Sendable {
    private enum Value: Sendable {
        case text(String)
        case number(Int64)
        case list([Value])
        case fields([String: Value])
    }

    /// Where the value stands in its file.
    public let path: String
    private let value: Value

    /// Reads a file of `Tests/Vectors`, such as `"deferred-1024.json"`.
    public init(file: String) throws {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appendingPathComponent("Vectors").appendingPathComponent(file))
        self.init(path: file, value: try Self.value(JSONSerialization.jsonObject(with: data), path: file))
    }

    private init(path: String, value: Value) {
        self.path = path
        self.value = value
    }

    /// The field of that name.
    public subscript(name: String) -> Vector {
        get throws {
            guard case .fields(let fields) = value, let field = fields[name] else {
                throw WrongField(path, "has no \(name)")
            }
            return Vector(path: "\(path).\(name)", value: field)
        }
    }

    /// Whether there is a field of that name.
    public func has(_ name: String) -> Bool {
        guard case .fields(let fields) = value else { return false }
        return fields[name] != nil
    }

    /// The elements of a list.
    public var list: [Vector] {
        get throws {
            guard case .list(let values) = value else { throw WrongField(path, "is no list") }
            return values.enumerated().map { Vector(path: "\(path)[\($0.offset)]", value: $0.element) }
        }
    }

    /// The names of the fields, sorted.
    public var names: [String] {
        get throws {
            guard case .fields(let fields) = value else { throw WrongField(path, "has no fields") }
            return fields.keys.sorted()
        }
    }

    /// A text.
    public var text: String {
        get throws {
            guard case .text(let text) = value else { throw WrongField(path, "is no text") }
            return text
        }
    }

    /// A decimal number.
    public var number: Int64 {
        get throws {
            guard case .number(let number) = value else { throw WrongField(path, "is no number") }
            return number
        }
    }

    /// An octet string in hex.
    public var octets: [UInt8] {
        get throws {
            guard let octets = Primitives.octets(hexadecimal: try text) else { throw WrongField(path, "is no hex") }
            return octets
        }
    }

    /// A number in hex without leading zeros, as `count` big-endian octets.
    public func octets(ofNumberIn count: Int) throws -> [UInt8] {
        let digits = try text
        guard digits.utf8.count <= 2 * count,
            let octets = Primitives.octets(
                hexadecimal: String(repeating: "0", count: 2 * count - digits.utf8.count) + digits)
        else { throw WrongField(path, "is no number of \(count) octets") }
        return octets
    }

    /// An octet string in hex that is a secret.
    public var secret: SecretBytes { get throws { SecretBytes(try octets) } }

    /// An instant such as `2026-12-01T09:30:00.500Z`.
    public var time: UTCTime {
        get throws {
            let text = try text
            let format = ISO8601DateFormatter()
            format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
            guard let date = format.date(from: text) else { throw WrongField(path, "is no time") }
            return UTCTime(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
        }
    }

    private static func value(_ object: Any, path: String) throws -> Value {
        switch object {
        case let text as String: .text(text)
        case let number as NSNumber: .number(number.int64Value)
        case let list as [Any]: .list(try list.map { try value($0, path: path) })
        case let fields as [String: Any]: .fields(try fields.mapValues { try value($0, path: path) })
        default: throw WrongField(path, "holds something that is no text, number, list or object")
        }
    }
}

/// A vector file that is not as its README says.
public struct WrongField: Error, CustomStringConvertible {
    /// The path of the value and what is wrong.
    public let description: String

    /// Names the value and what is wrong with it.
    public init(_ path: String, _ fault: String) { description = "\(path) \(fault)" }
}
