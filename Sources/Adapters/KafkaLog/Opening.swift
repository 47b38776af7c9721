import CRdKafka
import Mailbox

/// Looks at the topics when a log is opened.
struct Opening {
    private let handle: KafkaHandle

    init(_ handle: KafkaHandle) { self.handle = handle }

    /// The partition count, which all topics share. Blocks.
    func partitionCount() throws(StoreError) -> Int {
        var counts: [(name: String, count: Int)] = []
        for topic in LogTopic.allCases {
            let name = handle.configuration.name(of: topic)
            guard let shape = try handle.awaitShape(of: name, for: .seconds(2)) else {
                throw StoreError(
                    .unavailable,
                    "there is no topic \(name) at \(handle.configuration.bootstrapServers): make it with "
                        + "'poste topics --create'")
            }
            counts.append((name, shape.partitionCount))
        }
        guard let first = counts.first, counts.allSatisfy({ $0.count == first.count }) else {
            let list = counts.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
            throw StoreError(
                .corrupt,
                "the topics have different partition counts (\(list)): all must have the same; see 'poste topics'")
        }
        return first.count
    }
}
