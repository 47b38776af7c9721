/// Whether a service can be called, by the names and numbers of `grpc.health.v1`.
public enum ServingStatus: Int32, Sendable, CaseIterable {
    /// Nothing is known.
    case unknown = 0
    /// It answers calls.
    case serving = 1
    /// It is there and does not answer calls now.
    case notServing = 2
    /// There is no such service; only in streams.
    case serviceUnknown = 3

    /// Numbers of later versions of the .proto file count as unknown.
    init(_ number: Int32) {
        self = ServingStatus(rawValue: number) ?? .unknown
    }
}

/// Asks for the health of a service.
public struct HealthCheckRequest: ProtobufMessage {
    /// `grpc.health.v1.HealthCheckRequest`.
    public static let name = "grpc.health.v1.HealthCheckRequest"
    /// Its full name; empty for the server as a whole.
    public var service = ""

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(service: String) {
        self.service = service
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { service = try field.text() }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.text(1, service)
    }
}

/// The health of a service.
public struct HealthCheckResponse: ProtobufMessage {
    /// `grpc.health.v1.HealthCheckResponse`.
    public static let name = "grpc.health.v1.HealthCheckResponse"
    /// Whether it can be called.
    public var status: ServingStatus = .unknown

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(status: ServingStatus) {
        self.status = status
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { status = ServingStatus(try field.int32()) }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.number(1, status.rawValue)
    }
}
