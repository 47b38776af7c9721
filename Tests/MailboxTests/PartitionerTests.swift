import Mailbox
import Testing

/// The values of the tests of Kafka's own Java client: any Kafka client finds the partition of a mailbox.
struct PartitionerTests {
    @Test(
        arguments: [
            (Array("21".utf8), -973_932_308), (Array("foobar".utf8), -790_332_482),
            (Array("a-little-bit-long-string".utf8), -985_981_536),
            (Array("a-little-bit-longer-string".utf8), -1_486_304_829),
            (Array("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8".utf8), -58_897_971),
            (Array("abc".utf8), 479_470_107)
        ] as [([UInt8], Int32)])
    func hashIsKafkas(key: [UInt8], hash: Int32) {
        #expect(Partitioner.murmur2(key) == hash)
        #expect(Partitioner.partition(ofKey: key, count: 12) == Int(UInt32(bitPattern: hash) % (1 << 31)) % 12)
    }
}
