import Mailbox

/// How the topics of a log are to be (docs/log.md, "How the topics are kept").
public struct TopicPlan: Sendable, Hashable {
    /// Partitions of every topic; fixed for the life of the log.
    public var partitions: Int
    /// Replicas of every partition.
    public var replicas: Int
    /// How many replicas must have a record before its append returns.
    public var minInSync: Int
    /// How long after a tombstone the key and the content of a deposit may still be on disk, in ms.
    public var compactionLagMs: Int64
    /// How long tombstones are kept, in ms: a view that is older is folded from nothing.
    public var tombstonesKeptMs: Int64
    /// How long contents are kept, in ms: the longest lifetime that fronts allow, and a day.
    public var contentsKeptMs: Int64
    /// How long presence is kept, in ms.
    public var presenceKeptMs: Int64
    /// How long dead letters are kept, in ms.
    public var deadLettersKeptMs: Int64
    /// The largest record, in octets.
    public var messageLimit: Int

    /// A plan; what is left out gets the values of docs/log.md.
    public init(
        partitions: Int = 12, replicas: Int = 3, minInSync: Int = 2, compactionLagMs: Int64 = 3_600_000,
        tombstonesKeptMs: Int64 = 7 * 86_400_000, contentsKeptMs: Int64 = 31 * 86_400_000,
        presenceKeptMs: Int64 = 3_600_000, deadLettersKeptMs: Int64 = 30 * 86_400_000, messageLimit: Int = 2 << 20
    ) {
        self.partitions = partitions
        self.replicas = replicas
        self.minInSync = minInSync
        self.compactionLagMs = compactionLagMs
        self.tombstonesKeptMs = tombstonesKeptMs
        self.contentsKeptMs = contentsKeptMs
        self.presenceKeptMs = presenceKeptMs
        self.deadLettersKeptMs = deadLettersKeptMs
        self.messageLimit = messageLimit
    }

    /// A setting that a topic must have.
    public struct Setting: Sendable, Hashable {
        /// How a value that is there may differ.
        public enum Rule: Sendable, Hashable {
            /// Not at all.
            case exactly
            /// It may be larger; -1 counts as without limit.
            case atLeast
            /// It may be smaller.
            case atMost
        }

        /// Kafka's name of it.
        public let name: String
        /// The value of the plan.
        public let value: String
        /// What else will do.
        public let rule: Rule

        init(_ name: String, _ value: String) {
            (self.name, self.value, rule) = (name, value, .exactly)
        }

        init(_ name: String, _ rule: Rule, _ value: some BinaryInteger) {
            (self.name, self.value, self.rule) = (name, String(value), rule)
        }

        /// Whether a value that a topic has will do.
        public func allows(_ found: String) -> Bool {
            if found == value { return true }
            guard let found = Int64(found), let wanted = Int64(value) else { return false }
            return switch rule {
            case .exactly: false
            case .atLeast: found >= wanted || found == -1
            case .atMost: found >= 0 && found <= wanted
            }
        }
    }

    /// The settings of a topic.
    public func settings(of topic: LogTopic) -> [Setting] {
        let common = [
            Setting("min.insync.replicas", .atLeast, minInSync),
            Setting("max.message.bytes", .atLeast, messageLimit),
            // An election of a replica that is behind forgets what was acknowledged.
            Setting("unclean.leader.election.enable", "false"),
            // The brokers' clock, so that retention and compaction do not depend on those of many clients.
            Setting("message.timestamp.type", "LogAppendTime"),
        ]
        return switch topic {
        case .envelopes:
            common + [
                Setting("cleanup.policy", "compact"),
                Setting("max.compaction.lag.ms", .atMost, compactionLagMs),
                Setting("min.compaction.lag.ms", .atMost, 0),
                // Only a segment that is closed is compacted.
                Setting("segment.ms", .atMost, compactionLagMs),
                Setting("delete.retention.ms", .atLeast, tombstonesKeptMs),
            ]
        case .contents: common + Self.deleting(after: contentsKeptMs)
        case .presence: common + Self.deleting(after: presenceKeptMs)
        case .deadLetters: common + Self.deleting(after: deadLettersKeptMs)
        }
    }

    private static func deleting(after kept: Int64) -> [Setting] {
        [
            Setting("cleanup.policy", "delete"), Setting("retention.ms", .atLeast, kept),
            Setting("retention.bytes", .atLeast, -1),
            // What is over is gone at most half as much later.
            Setting("segment.ms", .atMost, max(kept / 2, 60_000)),
        ]
    }
}

/// Something about a topic that is not as the plan has it.
public struct TopicFinding: Sendable, Hashable {
    /// The topic's name.
    public let topic: String
    /// What is wrong.
    public let fault: String
    /// What to do about it.
    public let remedy: String
}
