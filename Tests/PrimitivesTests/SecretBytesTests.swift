import Primitives
import Testing

@Suite struct SecretBytesTests {
    @Test func neverPrintsItsOctets() {
        let secret = SecretBytes([0xde, 0xad])
        #expect("\(secret)" == "SecretBytes(2 octets)")
        #expect(String(reflecting: secret) == "SecretBytes(2 octets)")
        var text = ""
        dump(secret, to: &text)
        #expect(!text.contains("222") && !text.contains("de"))
    }

    @Test func comparesByContent() {
        #expect(SecretBytes([1, 2]) == SecretBytes([1, 2]))
        #expect(SecretBytes([1, 2]) != SecretBytes([1, 3]))
        #expect(SecretBytes([1, 2]) != SecretBytes([1, 2, 0]))
        #expect(SecretBytes.concatenating([SecretBytes([1]), SecretBytes([]), SecretBytes([2, 3])])[1..<3] == SecretBytes([2, 3]))
    }
}

@Suite struct ByteReaderTests {
    @Test func refusesToReadPastTheEnd() throws {
        var reader = ByteReader([0, 0, 0, 2, 7, 8, 9])
        #expect(try Array(reader.lengthPrefixed()) == [7, 8])
        do throws(ByteReader.Truncated) {
            _ = try reader.uint16()
            Issue.record("read past the end")
        } catch {
            #expect(error.offset == 6 && error.needed == 2 && error.available == 1)
        }
        #expect(try reader.uint8() == 9 && reader.isAtEnd)
    }

    @Test func hexadecimalIsStrict() {
        #expect(octets(hexadecimal: "00fFa1") == [0, 255, 161])
        #expect(octets(hexadecimal: "0") == nil && octets(hexadecimal: "0g") == nil)
        #expect(hexadecimal([0, 255, 161]) == "00ffa1")
    }
}
