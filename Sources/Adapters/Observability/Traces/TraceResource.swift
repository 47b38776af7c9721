/// Whose spans they are, by OpenTelemetry's conventions for resources.
public struct TraceResource: Sendable {
    /// Names and values: `service.name`, `service.instance.id`, and `service.version` where it is known.
    public let attributes: [(String, LogValue)]

    /// What makes the spans: the name of their scope.
    public static let scope = "poste"

    /// One process of a service.
    ///
    /// - Parameters:
    ///   - service: `poste-front` and so on.
    ///   - instance: tells the process from others.
    public init(service: String, instance: String, version: String? = nil) {
        var attributes: [(String, LogValue)] = [
            ("service.name", .text(service)), ("service.instance.id", .text(instance)),
        ]
        if let version { attributes.append(("service.version", .text(version))) }
        self.attributes = attributes
    }
}
