import Primitives

/// What a KMS publishes: IBESysParams of RFC 5408, one for each domain and serial, taken as its users must take them.
public enum PublishedParameters {
    /// The parameters that may be used at an instant, highest serial first, each once though it serves several domains.
    ///
    /// - Parameter acceptsTestLevel: whether level 1024 is accepted, which protects nothing.
    /// Throws `IBEError` for what is malformed, for none that may be used, and for level 1024 without leave.
    public static func usable(
        _ published: [[UInt8]], at now: UTCTime, acceptsTestLevel: Bool
    ) throws(IBEError) -> [BFPublicParameters] {
        var valid: [IBESysParams] = []
        for der in published {
            let parameters = try IBESysParams(der: der)
            if parameters.isValid(at: now) { valid.append(parameters) }
        }
        guard !valid.isEmpty else {
            throw .invalidParameters("the KMS has none that are valid now; is this machine's clock right?")
        }
        guard acceptsTestLevel || valid.allSatisfy({ $0.parameters.level != .test1024 }) else {
            throw .invalidParameters(
                "they have security level 1024, which protects nothing; for tests there is --insecure-test-level")
        }
        var seen: Set<BFPublicParameters> = []
        return valid.sorted { $0.districtSerial > $1.districtSerial }.map(\.parameters)
            .filter { seen.insert($0).inserted }
    }
}
