import Primitives

extension MIKEYMessage {
    /// The Error message that answers a message (docs/protocol.md choice 18): HDR with the PRF func and CSB ID of the
    /// failed one, V 0, #CS 0 and the empty map; a fresh T; ERR; no V.
    ///
    /// nil where the failed octets are not readable as MIKEY: they get no MIKEY answer.
    public static func error(_ number: ErrorNumber, answering failed: [UInt8], now: UTCTime) -> MIKEYMessage? {
        guard let failed = try? MIKEYMessage(octets: failed).header else { return nil }
        let header = CommonHeader(.error, expectsAnswer: false, prf: failed.prf, csbID: failed.csbID)
        return MIKEYMessage(header, [.timestamp(TimestampPayload(NTPTimestamp(now))), .error(ErrorPayload(number))])
    }
}
