import Foundation
import Primitives

extension MailboxClient {
    /// The system's clock.
    @Sendable public static func systemTime() -> UTCTime {
        UTCTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }
}
