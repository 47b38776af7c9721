/// The error of that type that the body throws, or nil where it throws none or another.
///
/// `#expect(throws:)` gives back the error only from Swift 6.1 on.
public func thrown<Failure: Error>(_ type: Failure.Type, by body: () throws -> some Any) -> Failure? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? Failure
    }
}
