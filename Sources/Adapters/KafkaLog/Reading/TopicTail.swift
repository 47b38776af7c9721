import Mailbox

/// One topic of a partition as its fold reads it: from the position of the view on, record after record.
struct TopicTail {
    let queue: PartitionQueue
    /// Where the reading stands; none where the topic is not assigned, or something else must be done first.
    private(set) var next: UInt64?
    /// Whether the handle fetches this partition.
    var isAssigned = false
    /// The end of the partition as far as it is known.
    private(set) var end: UInt64?
    /// Whether the offset asked for is not there.
    private(set) var isOutOfRange = false
    /// When the brokers last gave something away about this partition.
    private(set) var heard = ContinuousClock.now

    init(_ queue: PartitionQueue) { self.queue = queue }

    /// Stands at an offset from which nothing has been seen.
    mutating func stand(at offset: UInt64) {
        next = offset
        end = nil
        isOutOfRange = false
    }

    /// Takes no notice of what was known, so that the next reading begins anew.
    mutating func forget() {
        next = nil
        end = nil
    }

    /// Takes note of the offsets that the brokers say are kept.
    mutating func learn(_ kept: Range<UInt64>) {
        end = kept.upperBound
        heard = .now
    }

    /// Whether there is more than was read, as far as is known.
    var isBehind: Bool {
        guard let next, let end else { return false }
        return next < end
    }

    /// Takes what has arrived, as long as there is room.
    mutating func drain(_ left: inout PageLimit, _ records: inout [StoredRecord]) throws(StoreError) {
        while var next, left.count > 0, left.octets > 0, let taken = queue.take() {
            switch taken {
            case .record(let stored):
                guard stored.offset >= next else { continue }
                records.append(stored)
                next = stored.offset + 1
                left.count -= 1
                left.octets -= stored.record.size
                end = max(end ?? next, next, queue.fetchedEnd ?? 0)
                heard = .now
            case .end(let offset):
                next = max(next, offset)
                end = max(end ?? next, next)
                heard = .now
            case .outOfRange:
                isOutOfRange = true
            case .fault(let fault):
                guard records.isEmpty else { return }
                throw fault.storeError("\(queue.name) [\(queue.partition)] cannot be read", queue.handle.notices)
            }
            self.next = next
        }
    }
}
