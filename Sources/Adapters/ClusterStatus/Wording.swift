import Foundation

/// Numbers as people read them.
public enum Wording {
    /// `0`, `0.4`, `12`, `1.2 k`, `3.4 M`; a dash for none.
    public static func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "–" }
        switch abs(value) {
        case 0: return "0"
        case ..<0.05: return "<0.1"
        case ..<9.95: return value == value.rounded() ? String(Int(value)) : String(format: "%.1f", value)
        case ..<9999.5: return String(format: "%.0f", value)
        case ..<999_950: return String(format: "%.1f k", value / 1000)
        case ..<999_950_000: return String(format: "%.1f M", value / 1_000_000)
        default: return String(format: "%.1f G", value / 1_000_000_000)
        }
    }

    /// `0.4 ms`, `12 ms`, `1.2 s`; a dash for none.
    public static func milliseconds(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "–" }
        switch value {
        case ..<9.95: return String(format: "%.1f ms", value)
        case ..<999.5: return String(format: "%.0f ms", value)
        default: return String(format: "%.1f s", value / 1000)
        }
    }

    /// `512 B`, `1.2 MB`; a dash for none.
    public static func octets(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "–" }
        switch value {
        case ..<999.5: return String(format: "%.0f B", value)
        case ..<999_950: return String(format: "%.1f kB", value / 1000)
        case ..<999_950_000: return String(format: "%.1f MB", value / 1_000_000)
        default: return String(format: "%.1f GB", value / 1_000_000_000)
        }
    }

    /// How long ago, `40 s`, `12 min`, `3 h`, `5 d`.
    public static func age(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds / 1000)
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86_400) d"
        }
    }

    /// The time of day in UTC, `15:04:05`.
    public static func time(_ milliseconds: Int64) -> String {
        let seconds = ((milliseconds / 1000) % 86_400 + 86_400) % 86_400
        return String(format: "%02d:%02d:%02d", Int(seconds / 3600), Int(seconds / 60 % 60), Int(seconds % 60))
    }
}
