/// Something a subcommand can be told by flag or by environment variable; the flag wins.
struct Option: Sendable {
    enum Kind: Sendable {
        /// There or not.
        case flag
        /// Takes a value, named so in the help.
        case value(String)
        /// Takes a value, or none where nothing or another option follows. Only for subcommands that take no words.
        case optionalValue(String)
        /// Takes a value and may be given again.
        case values(String)
    }

    /// The long name without its dashes.
    let name: String
    let kind: Kind
    let help: String
    /// What holds when neither flag nor variable is given, as the help shows it.
    let standard: String?

    init(_ name: String, _ kind: Kind, _ help: String, default standard: String? = nil) {
        self.name = name
        self.kind = kind
        self.help = help
        self.standard = standard
    }

    /// `POSTE_` and the name in capitals.
    var variable: String {
        "POSTE_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    /// How the help shows it.
    var usage: String {
        switch kind {
        case .flag: "--\(name)"
        case .value(let value), .values(let value): "--\(name) \(value)"
        case .optionalValue(let value): "--\(name) [\(value)]"
        }
    }
}

/// Options that several subcommands share.
extension Option {
    static let home = Option(
        "home", .value("FOLDER"), "where state and keys of this machine lie", default: "~/.poste")
    static let json = Option("json", .flag, "print JSON for programs, one object a line")
    static let logLevel = Option("log-level", .value("LEVEL"), "debug, info, warning or error", default: "info")
    static let logFormat = Option("log-format", .value("FORMAT"), "text or json", default: "text")
    static let insecureTestLevel = Option(
        "insecure-test-level", .flag, "accept security level 1024, which protects nothing; for tests")
    static let passphraseFile = Option(
        "passphrase-file", .value("FILE"),
        "a file with the passphrase that seals keys at rest; without it a random key file beside them does")
    static let service: [Option] = [.home, .logLevel, .logFormat, .passphraseFile, .insecureTestLevel]
}
