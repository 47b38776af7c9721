import MailboxAPI
import Observability

extension OTLP {
    /// The value of an attribute.
    package struct AnyValue: ProtobufMessage {
        /// `opentelemetry.proto.common.v1.AnyValue`.
        package static let name = "opentelemetry.proto.common.v1.AnyValue"
        /// Nil in a value of a type that is not used here.
        package var value: LogValue?

        /// An empty message.
        package init() {}

        /// A value.
        package init(_ value: LogValue) { self.value = value }

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            switch field.number {
            case 1: value = .text(try field.text())
            case 2: value = .flag(try field.bool())
            case 3: value = .number(try field.int64())
            default: break
            }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            switch value {
            case .text(let text): writer.element(1, Array(text.utf8))
            case .flag(let flag): writer.member(2, flag ? 1 : 0)
            case .number(let number): writer.member(3, UInt64(bitPattern: number))
            case nil: break
            }
        }
    }

    /// An attribute.
    package struct KeyValue: ProtobufMessage {
        /// `opentelemetry.proto.common.v1.KeyValue`.
        package static let name = "opentelemetry.proto.common.v1.KeyValue"
        /// Its name.
        package var key = ""
        /// What it is.
        package var value: AnyValue?

        /// An empty message.
        package init() {}

        /// An attribute.
        package init(_ key: String, _ value: LogValue) {
            self.key = key
            self.value = AnyValue(value)
        }

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            switch field.number {
            case 1: key = try field.text()
            case 2: value = try field.message(into: value)
            default: break
            }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            writer.text(1, key)
            if let value { writer.message(2, value) }
        }
    }

    /// What makes spans.
    package struct Scope: ProtobufMessage {
        /// `opentelemetry.proto.common.v1.InstrumentationScope`.
        package static let name = "opentelemetry.proto.common.v1.InstrumentationScope"
        /// Its name.
        package var name = ""

        /// An empty message.
        package init() {}

        /// A scope.
        package init(name: String) { self.name = name }

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            if field.number == 1 { name = try field.text() }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) { writer.text(1, name) }
    }

    /// Whose spans they are.
    package struct Resource: ProtobufMessage {
        /// `opentelemetry.proto.resource.v1.Resource`.
        package static let name = "opentelemetry.proto.resource.v1.Resource"
        /// What is known of it.
        package var attributes: [KeyValue] = []

        /// An empty message.
        package init() {}

        /// A resource.
        package init(attributes: [KeyValue]) { self.attributes = attributes }

        /// Takes one field.
        package mutating func take(_ field: ProtobufField) throws(ProtobufError) {
            if field.number == 1 { attributes.append(try field.message()) }
        }

        /// Writes the fields.
        package func write(to writer: inout ProtobufWriter) {
            for attribute in attributes { writer.message(1, attribute) }
        }
    }
}
