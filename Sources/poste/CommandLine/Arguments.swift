import Foundation

/// What a subcommand was told.
struct Arguments: Sendable {
    private let command: String
    private var given: [String: [String]] = [:]
    /// The words that belong to no option, in order.
    private(set) var words: [String] = []

    /// Sorts the words behind a subcommand's name. Throws `UsageError`.
    init(_ arguments: some Sequence<String>, for command: Command, environment: [String: String]) throws {
        self.command = command.name
        var rest = Array(arguments)[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), word != "--" else {
                words += word == "--" ? Array(rest) : [word]
                if word == "--" { rest = [] }
                continue
            }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
            guard let name = parts.first, let option = command.options.first(where: { $0.name == name }) else {
                throw UsageError(
                    "\(command.name) has no option \(word)", command: command.name,
                    nearest: nearest(to: word, of: command.options.map { "--" + $0.name }))
            }
            switch option.kind {
            case .flag:
                guard parts.count == 1 else { throw UsageError("--\(name) takes no value", command: command.name) }
                given[name] = ["yes"]
            case .optionalValue:
                let follows = rest.first.map { !$0.hasPrefix("--") } ?? false
                given[name] = [parts.count == 2 ? parts[1] : follows ? rest.removeFirst() : ""]
            case .value, .values:
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw UsageError("--\(name) needs a value: \(option.usage)", command: command.name)
                }
                if case .value = option.kind, given[name] != nil {
                    throw UsageError("--\(name) is given twice", command: command.name)
                }
                given[name, default: []].append(value)
            }
        }
        for option in command.options where given[option.name] == nil {
            guard let value = try Self.value(of: option, environment), !value.isEmpty else { continue }
            if case .flag = option.kind, ["0", "no", "false"].contains(value.lowercased()) { continue }
            if case .optionalValue = option.kind, ["1", "yes", "true"].contains(value.lowercased()) {
                given[option.name] = [""]
                continue
            }
            if case .values = option.kind {
                given[option.name] = value.split(separator: ",").map(String.init)
            } else {
                given[option.name] = [value]
            }
        }
        guard command.words.contains(words.count) else {
            let what = words.count < command.words.lowerBound ? "something is missing" : "too many words"
            throw UsageError("\(what): \(command.usage)", command: command.name)
        }
    }

    /// What the environment gives: the value itself, or the name of a file that has it.
    private static func value(of option: Option, _ environment: [String: String]) throws -> String? {
        if let value = environment[option.variable] { return value }
        return try environment[option.variable + "_FILE"].map(textFile)
    }

    /// Whether a flag is set.
    func has(_ name: String) -> Bool { given[name] != nil }

    /// An option's value.
    func value(_ name: String) -> String? { given[name]?.last }

    /// An option's values.
    func values(_ name: String) -> [String] { given[name] ?? [] }

    /// An option's value as a number in a range.
    func number(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
        guard let text = value(name) else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw UsageError(
                "--\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), not \(text)",
                command: command)
        }
        return number
    }

    /// An option's value in seconds: a number with s, m, h or d behind it.
    func seconds(_ name: String, default standard: Int) throws -> Int {
        guard let text = value(name) else { return standard }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last, let factor = units[unit], let count = Int(text.dropLast()), count >= 0,
            case let (seconds, overflow) = count.multipliedReportingOverflow(by: factor), !overflow
        else {
            throw UsageError("--\(name) takes a time such as 30s, 10m, 2h or 7d, not \(text)", command: command)
        }
        return seconds
    }

    /// An option's value in octets: a number with KiB, MiB, GiB or TiB behind it.
    func octets(_ name: String, default standard: UInt64) throws -> UInt64 {
        guard let text = value(name) else { return standard }
        let units = ["KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40]
        guard let shift = units[String(text.suffix(3))], let count = UInt64(text.dropLast(3)),
            (1...1 << 20).contains(count)
        else {
            throw UsageError("--\(name) takes a size such as 500MiB or 8GiB, not \(text)", command: command)
        }
        return count << UInt64(shift)
    }

    /// A usage error of this subcommand.
    func usage(_ message: String) -> UsageError { UsageError(message, command: command) }
}

/// The name out of `names` that a mistyped word most likely meant.
func nearest(to word: String, of names: [String]) -> String? {
    let best = names.map { ($0, editDistance(word, $0)) }.min { $0.1 < $1.1 }
    return best.flatMap { $0.1 <= max(2, word.count / 3) ? $0.0 : nil }
}

private func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var previous = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var current = [i + 1]
        for (j, b) in right.enumerated() {
            current.append(min(previous[j] + (a == b ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
        }
        previous = current
    }
    return previous[right.count]
}
