/// The extensions of a type. Types of proto3 have none, so there is no list of numbers.
public struct ExtensionNumberResponse: ProtobufMessage {
    /// `grpc.reflection.v1.ExtensionNumberResponse`.
    public static let name = "grpc.reflection.v1.ExtensionNumberResponse"
    /// The full name of the type.
    public var baseTypeName = ""

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(baseTypeName: String) {
        self.baseTypeName = baseTypeName
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { baseTypeName = try field.text() }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.text(1, baseTypeName)
    }
}

/// Services.
public struct ListServiceResponse: ProtobufMessage {
    /// `grpc.reflection.v1.ListServiceResponse`.
    public static let name = "grpc.reflection.v1.ListServiceResponse"
    /// One each.
    public var services: [ServiceResponse] = []

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(services: [ServiceResponse]) {
        self.services = services
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { services.append(try field.message()) }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        for element in services { writer.message(1, element) }
    }
}

/// A service.
public struct ServiceResponse: ProtobufMessage {
    /// `grpc.reflection.v1.ServiceResponse`.
    public static let name = "grpc.reflection.v1.ServiceResponse"
    /// Its full name.
    public var serviceName = ""

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(serviceName: String) {
        self.serviceName = serviceName
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { serviceName = try field.text() }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.text(1, serviceName)
    }
}

/// There is no answer.
public struct ErrorResponse: ProtobufMessage {
    /// `grpc.reflection.v1.ErrorResponse`.
    public static let name = "grpc.reflection.v1.ErrorResponse"
    /// A gRPC status code.
    public var code: Int32 = 0
    /// Why.
    public var message = ""

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: code = try field.int32()
        case 2: message = try field.text()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, code)
        writer.text(2, message)
    }
}
