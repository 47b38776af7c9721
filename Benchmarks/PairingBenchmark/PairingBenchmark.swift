import IdentityBasedEncryption

/// Measures the pairing and the encryption at each level: ns, and multiples of a modular product of GMP's and of OpenSSL's
/// of the same size in the same run. See docs/cryptography.md.
@main
struct PairingBenchmark {
    static let usage = """
        Usage: PairingBenchmark [--level 1024|2048|3072|7680]... [--seconds S] [--json]
          --level    levels to measure (default: 1024, 2048, 3072, 7680)
          --seconds  how long each operation is measured for (default: 0.3)
          --json     one JSON object a line instead of a table
        """

    static func main() throws {
        var levels: [SecurityLevel] = []
        var seconds = 0.3
        var json = false
        var arguments = CommandLine.arguments.dropFirst().makeIterator()
        while let argument = arguments.next() {
            switch argument {
            case "--level":
                guard let text = arguments.next(), let number = Int(text), let level = SecurityLevel(rawValue: number)
                else {
                    return print(usage)
                }
                levels.append(level)
            case "--seconds":
                guard let text = arguments.next(), let number = Double(text), number > 0 else { return print(usage) }
                seconds = number
            case "--json": json = true
            default: return print(usage)
            }
        }
        let measure = Measure(budget: .seconds(seconds))
        for level in levels.isEmpty ? SecurityLevel.allCases : levels {
            let operations = try Operations(level: level, measure)
            let before = Yardsticks(modulus: operations.modulus, measure)
            let results = try operations.run()
            let after = Yardsticks(modulus: operations.modulus, measure)
            // The machine may have changed its pace in between: the mean of both ends.
            let gmp = (before.gmp + after.gmp) / 2
            let openSSL = (before.openSSL + after.openSSL) / 2
            let yardsticks = [
                Result(name: "yardstick: GMP mpn product", nanoseconds: gmp),
                Result(name: "yardstick: OpenSSL product", nanoseconds: openSSL),
            ]
            if !json {
                print("\nlevel \(level.rawValue): p of \(level.pBits) bits, q of \(level.qBits)")
                print(row("", "us", "/ GMP", "/ OpenSSL"))
            }
            for result in yardsticks + results {
                let (byGMP, byOpenSSL) = (result.nanoseconds / gmp, result.nanoseconds / openSSL)
                print(
                    json
                        ? #"{"level":\#(level.rawValue),"operation":"\#(result.name)","ns":\#(rounded(result.nanoseconds, 1)),"#
                            + #""per_gmp_product":\#(rounded(byGMP, 2)),"per_openssl_product":\#(rounded(byOpenSSL, 2))}"#
                        : row(
                            result.name, rounded(result.nanoseconds / 1000, 2), rounded(byGMP, 1), rounded(byOpenSSL, 1)
                        ))
            }
        }
    }

    private static func rounded(_ value: Double, _ places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let whole = Int((value * Double(scale)).rounded())
        let digits = String(whole % scale)
        return "\(whole / scale)." + String(repeating: "0", count: places - digits.count) + digits
    }

    private static func row(_ name: String, _ columns: String...) -> String {
        let padded = columns.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }
        return name + String(repeating: " ", count: max(1, 40 - name.count)) + padded.joined()
    }
}
