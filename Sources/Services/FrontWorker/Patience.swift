import RPC

/// Does something that must be over in time.
///
/// Throws DEADLINE_EXCEEDED when it is not; the work is cancelled then.
func withPatience<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            throw RPCStatus(.deadlineExceeded, "nothing came for \(limit)")
        }
        return value
    }
}
