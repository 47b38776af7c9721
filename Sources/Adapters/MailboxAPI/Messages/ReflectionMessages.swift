/// A question about what a server serves. The same octets in `v1` and `v1alpha`.
public struct ServerReflectionRequest: ProtobufMessage {
    /// What is asked.
    public enum Question: Sendable, Equatable {
        /// The file of that name.
        case fileByName(String)
        /// The file that has a service, method or type of that full name.
        case fileContainingSymbol(String)
        /// The file that has an extension.
        case fileContainingExtension(ExtensionRequest)
        /// The numbers of all extensions of a type.
        case extensionNumbers(String)
        /// The full names of all services.
        case listServices(String)
    }

    /// `grpc.reflection.v1.ServerReflectionRequest`.
    public static let name = "grpc.reflection.v1.ServerReflectionRequest"
    /// Not used.
    public var host = ""
    /// Nil in a message of nothing that is known.
    public var question: Question?

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(host: String, question: Question?) {
        self.host = host
        self.question = question
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: host = try field.text()
        case 3: question = .fileByName(try field.text())
        case 4: question = .fileContainingSymbol(try field.text())
        case 5:
            var earlier: ExtensionRequest?
            if case .fileContainingExtension(let value) = question { earlier = value }
            question = .fileContainingExtension(try field.message(into: earlier))
        case 6: question = .extensionNumbers(try field.text())
        case 7: question = .listServices(try field.text())
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.text(1, host)
        switch question {
        case .fileByName(let value): writer.element(3, Array(value.utf8))
        case .fileContainingSymbol(let value): writer.element(4, Array(value.utf8))
        case .fileContainingExtension(let value): writer.message(5, value)
        case .extensionNumbers(let value): writer.element(6, Array(value.utf8))
        case .listServices(let value): writer.element(7, Array(value.utf8))
        case nil: break
        }
    }
}

/// An extension, by what it extends.
public struct ExtensionRequest: ProtobufMessage {
    /// `grpc.reflection.v1.ExtensionRequest`.
    public static let name = "grpc.reflection.v1.ExtensionRequest"
    /// The full name of the type.
    public var containingType = ""
    /// The extension's field number.
    public var number: Int32 = 0

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(containingType: String, number: Int32) {
        self.containingType = containingType
        self.number = number
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: containingType = try field.text()
        case 2: number = try field.int32()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.text(1, containingType)
        writer.number(2, number)
    }
}

/// An answer, with its question.
public struct ServerReflectionResponse: ProtobufMessage {
    /// What is answered.
    public enum Answer: Sendable, Equatable {
        /// The file and all that it imports.
        case files(FileDescriptorResponse)
        /// The numbers of all extensions of a type.
        case extensionNumbers(ExtensionNumberResponse)
        /// All services.
        case services(ListServiceResponse)
        /// There is no answer.
        case error(ErrorResponse)
    }

    /// `grpc.reflection.v1.ServerReflectionResponse`.
    public static let name = "grpc.reflection.v1.ServerReflectionResponse"
    /// As asked.
    public var validHost = ""
    /// The question.
    public var originalRequest: ServerReflectionRequest?
    /// Nil in a message of nothing that is known.
    public var answer: Answer?

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(validHost: String, originalRequest: ServerReflectionRequest?, answer: Answer?) {
        self.validHost = validHost
        self.originalRequest = originalRequest
        self.answer = answer
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: validHost = try field.text()
        case 2: originalRequest = try field.message(into: originalRequest)
        case 4:
            var earlier: FileDescriptorResponse?
            if case .files(let value) = answer { earlier = value }
            answer = .files(try field.message(into: earlier))
        case 5:
            var earlier: ExtensionNumberResponse?
            if case .extensionNumbers(let value) = answer { earlier = value }
            answer = .extensionNumbers(try field.message(into: earlier))
        case 6:
            var earlier: ListServiceResponse?
            if case .services(let value) = answer { earlier = value }
            answer = .services(try field.message(into: earlier))
        case 7:
            var earlier: ErrorResponse?
            if case .error(let value) = answer { earlier = value }
            answer = .error(try field.message(into: earlier))
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.text(1, validHost)
        if let originalRequest { writer.message(2, originalRequest) }
        switch answer {
        case .files(let value): writer.message(4, value)
        case .extensionNumbers(let value): writer.message(5, value)
        case .services(let value): writer.message(6, value)
        case .error(let value): writer.message(7, value)
        case nil: break
        }
    }
}

/// Files.
public struct FileDescriptorResponse: ProtobufMessage {
    /// `grpc.reflection.v1.FileDescriptorResponse`.
    public static let name = "grpc.reflection.v1.FileDescriptorResponse"
    /// FileDescriptorProto each.
    public var files: [[UInt8]] = []

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(files: [[UInt8]]) {
        self.files = files
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { files.append(try field.octets()) }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        for element in files { writer.element(1, element) }
    }
}
