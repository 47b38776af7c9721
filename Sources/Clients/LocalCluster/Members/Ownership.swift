import Foundation

extension LocalRole {
    /// The partitions that a delivery worker says in its log that it owns. What it says may be late: another may own them
    /// already where it was frozen or killed.
    public var ownedPartitions: Set<Int> {
        guard let log = try? String(contentsOf: logFile, encoding: .utf8) else { return [] }
        var owned: Set<Int> = []
        for line in log.split(separator: "\n") {
            if line.hasPrefix("deliver is ready") {
                owned = []
            } else if line.contains("partitions assigned ") {
                owned.formUnion(Self.partitions(of: line))
            } else if line.contains("partitions revoked ") {
                owned.subtract(Self.partitions(of: line))
            }
        }
        return owned
    }

    private static func partitions(of line: Substring) -> [Int] {
        let mark = "partitions="
        guard let field = line.split(separator: " ").first(where: { $0.hasPrefix(mark) }) else { return [] }
        return field.dropFirst(mark.count).split(separator: ",").compactMap { Int($0) }
    }
}

extension LocalCluster {
    /// Waits until every partition has an owner among the workers that run, no two have the same, and none has nothing.
    ///
    /// - Parameter limit: how long; a worker that was killed is missed for 6 s.
    /// - Returns: the workers by partition.
    /// - Throws: `LocalClusterError` when it has not come to that within `limit`.
    public func owners(within limit: Duration = .seconds(30)) async throws -> [Int: LocalRole] {
        let deadline = ContinuousClock.now + limit
        while true {
            let running = workers.filter { $0.isRunning && !$0.isPaused }
            let claims = running.map { ($0, $0.ownedPartitions) }
            var owners: [Int: LocalRole] = [:]
            for (worker, owned) in claims { for partition in owned { owners[partition] = worker } }
            let areAllBusy = claims.allSatisfy { !$0.1.isEmpty } || claims.count > configuration.partitions
            let isSettled =
                areAllBusy && claims.reduce(0) { $0 + $1.1.count } == owners.count
                && owners.count == configuration.partitions
            if isSettled { return owners }
            guard ContinuousClock.now < deadline else {
                let list = claims.map { "\($0.0.name) has \($0.1.sorted())" }.joined(separator: ", ")
                throw LocalClusterError(
                    .member,
                    "the workers do not share the \(configuration.partitions) partitions after \(limit): \(list)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
