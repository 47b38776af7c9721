import RPC
import Testing

/// Hosts here are addresses or `localhost`, so that no resolver is asked.
struct NetworksTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("10.128.0.0/9", "10.128.0.1", true), ("10.128.0.0/9", "10.127.255.255", false),
        ("192.0.2.6/31", "192.0.2.7", true), ("192.0.2.6/31", "192.0.2.8", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::/33", "2001:db8:8000::1", false), ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.7", false),
        ("192.0.2.0/24,2001:db8::/32", "2001:db8::1", true), ("192.0.2.0/24,2001:db8::/32", "127.0.0.1", false),
    ]) func addressesLieInTheirNetworks(networks: String, host: String, isInside: Bool) async throws {
        let networks = try #require(RPCNetworks(networks))
        #expect(await networks.address(of: host) == (isInside ? host : nil))
    }

    /// What connects to 127.0.0.1 must not come through a filter as something else.
    @Test(arguments: ["127.1", "0x7f000001", "2130706433", "::ffff:127.0.0.1", "localhost"])
    func otherWritingsOfAnAddressAreThatAddress(host: String) async throws {
        let (others, own) = (try #require(RPCNetworks("10.0.0.0/8,::/0")), try #require(RPCNetworks("127.0.0.0/8")))
        #expect(await others.address(of: host) == nil)
        #expect(await own.address(of: host) != nil)
    }

    @Test(arguments: ["", ",", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "example.com", "10.0.0.0/8,", " 10.0.0.0/8"])
    func whatIsNoNetworkIsRefused(text: String) { #expect(RPCNetworks(text) == nil) }
}
