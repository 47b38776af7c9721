import IdentityBasedEncryption
import MIKEY
import Primitives

/// Which keys an account may have.
public struct KeyPolicy: Sendable, Equatable {
    /// How many days back from today's keys are issued: as long as deposits may be retained, or their recipient could not
    /// read the oldest.
    public var daysBack: Int64 = 30
    /// How many days ahead.
    public var daysAhead: Int64 = 31
    /// How many keys a request may ask for (docs/protocol.md choice 19).
    public var maximumKeys = 64

    /// 30 days back, 31 ahead, 64 keys.
    public init() {}

    /// Why the account does not get these keys; nil where it gets them all.
    func refusal(of wanted: [DatedIdentity], for account: Account, now: UTCTime) -> KeyRefusal? {
        guard wanted.count <= maximumKeys else { return .tooMany(wanted.count, limit: maximumKeys) }
        let first = now.day.advanced(by: -daysBack)
        let last = now.day.advanced(by: daysAhead)
        for dated in wanted {
            guard account.identities.contains(dated.identity) else { return .foreignIdentity(dated.identity) }
            guard dated.day >= first, dated.day <= last else { return .day(dated.day, first: first, last: last) }
        }
        return nil
    }
}

/// Why a request for keys that has verified is refused.
enum KeyRefusal: Error, Equatable, CustomStringConvertible {
    /// Another request of the account has the same CSB ID.
    case reusedCSBID
    /// It asks for too many keys.
    case tooMany(Int, limit: Int)
    /// The identity belongs to another account, or to none.
    case foreignIdentity(Identity)
    /// The day lies outside the window of days.
    case day(UTCDay, first: UTCDay, last: UTCDay)
    /// No parameters are valid on the day.
    case noParameters(UTCDay)

    /// The number of the Error message that answers it (docs/protocol.md choice 18).
    var number: ErrorNumber {
        switch self {
        case .reusedCSBID, .tooMany: .unspecified
        case .foreignIdentity, .day, .noParameters: .invalidID
        }
    }

    var description: String {
        switch self {
        case .reusedCSBID: "another request of the account has this CSB ID"
        case .tooMany(let count, let limit): "\(count) keys are asked for, and one request may have \(limit)"
        case .foreignIdentity(let identity): "\(identity) is not of the account"
        case .day(let day, let first, let last): "keys are issued for \(first) to \(last), not for \(day)"
        case .noParameters(let day): "no parameters of this KMS are valid on \(day)"
        }
    }
}
