import MIKEY
import TestVectors
import Testing

@Suite struct MessageDescriptionTests {
    @Test func namesEveryPayloadWithItsPlace() throws {
        let octets = try Vector(file: "deferred-1024.json")["exchange"]["messages"].list[3]["octets"].octets
        let lines = MIKEYMessage.description(of: octets)
        #expect(lines.count == 6)
        #expect(
            lines[0] == "HDR at 0, 10 octets: data type 25 R_MESSAGE_2, V 0, PRF func 1 PRF-HMAC-SHA-256, "
                + "CSB ID c82f888a, #CS 0, CS ID map type 1 (RFC 3830 section 6.1)")
        #expect(
            lines[1] == "T at 10, 10 octets: NTP-UTC eeb9121a00000000, 2026-12-01T09:30:02.000Z (RFC 3830 section 6.6)")
        #expect(
            lines[2] == "IDRi at 20, 26 octets: role 1, ID type 1, sip:anna@post.example (RFC 6043 section 6.6)")
        #expect(lines[4] == "IBAKE at 75, 269 octets: Encr data of 266 octets (RFC 6267 section 6.1.1)")
        #expect(lines[5].hasPrefix("V at 344, 34 octets: Auth alg HMAC-SHA-256-256, Ver data bcfe31ad"))
    }

    @Test func saysWhyOctetsAreNoMessage() {
        #expect(
            MIKEYMessage.description(of: [1, 22]) == [
                "not readable as MIKEY: "
                    + "truncated at offset 2: 1 octets needed, 0 left; send the whole message"
            ])
    }
}
