/// An instant: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
public struct UTCTime: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970.
    public var milliseconds: Int64

    /// The instant so many milliseconds after 1970 began.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The day that the instant lies in.
    public var day: UTCDay { UTCDay(number: milliseconds.flooredQuotient(by: UTCDay.milliseconds)) }

    /// The instant so many milliseconds later.
    public func advanced(byMilliseconds count: Int64) -> UTCTime { UTCTime(milliseconds: milliseconds + count) }

    /// Earlier before later.
    public static func < (left: UTCTime, right: UTCTime) -> Bool { left.milliseconds < right.milliseconds }
}

extension UTCTime: CustomStringConvertible {
    /// `YYYY-MM-DDThh:mm:ss.mmmZ`.
    public var description: String {
        let rest = milliseconds - day.start.milliseconds
        return "\(day)T\(digits(rest / 3_600_000, 2)):\(digits(rest / 60_000 % 60, 2)):"
            + "\(digits(rest / 1000 % 60, 2)).\(digits(rest % 1000, 3))Z"
    }
}

/// A UTC day of the Gregorian calendar: the granularity of dated identities (docs/protocol.md choice 12).
public struct UTCDay: Sendable, Hashable, Comparable {
    static let milliseconds: Int64 = 86_400_000

    /// Days since 1970-01-01.
    public let number: Int64

    /// The day so many days after 1970-01-01.
    public init(number: Int64) { self.number = number }

    /// Reads `YYYY-MM-DD`; nil for anything else and for days that the calendar lacks.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count == 10, parts.map(\.utf8.count) == [4, 2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        // Days from the civil date, with years that begin in March so that the leap day comes last.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        number = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        guard description == text else { return nil }
    }

    /// The first instant of the day.
    public var start: UTCTime { UTCTime(milliseconds: number * Self.milliseconds) }

    /// The day so many days later.
    public func advanced(by days: Int64) -> UTCDay { UTCDay(number: number + days) }

    /// Earlier before later.
    public static func < (left: UTCDay, right: UTCDay) -> Bool { left.number < right.number }
}

extension UTCDay: CustomStringConvertible {
    /// `YYYY-MM-DD`.
    public var description: String {
        let shifted = number + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
    }
}

extension Int64 {
    /// The quotient rounded down, also below zero.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// A number in at least `width` decimal digits.
private func digits(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
