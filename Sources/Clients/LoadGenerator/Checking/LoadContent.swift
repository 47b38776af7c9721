import Primitives

/// What a load run's deposits contain: octets that say which deposit they are, and that can be told from all others.
///
///     "poste load v1" 00 00 00  run(8) number(8) octets(8) sender(4) recipient(4)  SHA-256 of these(16)  body
///
/// The body comes out of a generator seeded with run and number, so that a recipient checks every octet without having
/// been told anything.
package struct LoadContent: Sendable, Hashable {
    /// Octets of the head; the smallest content.
    package static let headSize = 64
    private static let magic = Array("poste load v1".utf8) + [0, 0, 0]

    /// What tells the run from any other.
    package var run: UInt64
    /// The number of the deposit in the plan.
    package var number: UInt64
    /// Its size, at least 64.
    package var octetCount: Int
    /// The number of the user who sends it.
    package var sender: Int
    /// The number of the user whom it is for.
    package var recipient: Int

    /// A content from what it says.
    package init(run: UInt64, number: UInt64, octetCount: Int, sender: Int, recipient: Int) {
        self.run = run
        self.number = number
        self.octetCount = max(octetCount, Self.headSize)
        self.sender = sender
        self.recipient = recipient
    }

    /// What is wrong with octets that should be a content.
    package enum Fault: Error, Hashable {
        /// They are no content of any load run.
        case foreign
        /// They begin as one, and are not what was sent.
        case corrupt(String)
    }

    /// The octets.
    package var octets: [UInt8] {
        var octets = head
        octets.reserveCapacity(octetCount + 8)
        var random = SeededRandom(seed: run, stream: number)
        while octets.count < octetCount { octets.append(bigEndian: random.next()) }
        octets.removeLast(octets.count - octetCount)
        return octets
    }

    private var head: [UInt8] {
        var head = Self.magic
        for field in [run, number, UInt64(octetCount)] { head.append(bigEndian: field) }
        for field in [UInt32(truncatingIfNeeded: sender), UInt32(truncatingIfNeeded: recipient)] {
            head.append(bigEndian: field)
        }
        return head + HashFunction.sha256.hash(head)[..<16]
    }

    /// Reads octets and checks each of them. Throws `Fault`.
    package init(checking octets: [UInt8]) throws(Fault) {
        guard octets.starts(with: Self.magic) else { throw .foreign }
        guard octets.count >= Self.headSize else { throw .corrupt("it ends within its head") }
        func field(_ range: Range<Int>) -> UInt64 { octets[range].reduce(0) { $0 << 8 | UInt64($1) } }
        let size = field(32..<40)
        guard HashFunction.sha256.hash(Array(octets[..<48]))[..<16] == octets[48..<64] else {
            throw .corrupt("its head has changed")
        }
        guard size == UInt64(octets.count) else {
            throw .corrupt("it has \(octets.count) octets, and \(size) were sent")
        }
        self.init(
            run: field(16..<24), number: field(24..<32), octetCount: octets.count, sender: Int(field(40..<44)),
            recipient: Int(field(44..<48)))
        guard self.octets == octets else { throw .corrupt("its body is not that of deposit \(number)") }
    }
}
