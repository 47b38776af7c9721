import FrontWorker
import Mailbox

extension Option {
    /// What a front takes, and from whom. All fronts of a cluster are told the same: they count together.
    static let frontLimits = [
        Option(
            "mailbox-deposits", .value("N"), "deposits that one mailbox may hold; more are refused",
            default: "\(FrontLimits().deposits.quota.count)"),
        Option(
            "mailbox-size", .value("SIZE"), "ciphertext that one mailbox may hold, such as 500MiB",
            default: "\(FrontLimits().deposits.quota.octets >> 30)GiB"),
        Option(
            "sender-rate", .value("N"), "deposits that one sender may begin in a minute",
            default: "\(FrontLimits().depositsPerSenderAndMinute)"),
        Option(
            "source-rate", .value("N"), "exchanges that one address may begin in a minute",
            default: "\(FrontLimits().exchangesPerSourceAndMinute)"),
        Option(
            "initiator-rate", .value("N"), "exchanges that one address may begin in one name in a minute",
            default: "\(FrontLimits().exchangesPerInitiatorAndMinute)"),
        Option(
            "trust-forwarded-for", .flag,
            "count callers by x-forwarded-for, as a proxy writes it; only where nobody else reaches the front"),
        Option(
            "contacts", .value("NET,NET"), "dial contacts only in these networks, such as 192.0.2.0/24,2001:db8::/32",
            default: "anywhere"),
    ]
}

extension FrontLimits {
    /// As the options say. Throws `UsageError`.
    init(_ arguments: Arguments) throws {
        self.init()
        func count(_ name: String, _ value: inout UInt64) throws {
            value = UInt64(try arguments.number(name, in: 1...1_000_000_000, default: Int(value)))
        }
        try count("mailbox-deposits", &deposits.quota.count)
        deposits.quota.octets = try arguments.octets("mailbox-size", default: deposits.quota.octets)
        try count("sender-rate", &depositsPerSenderAndMinute)
        try count("source-rate", &exchangesPerSourceAndMinute)
        try count("initiator-rate", &exchangesPerInitiatorAndMinute)
        trustsForwardedFor = arguments.has("trust-forwarded-for")
        contactNetworks = try arguments.networks("contacts")
    }
}
