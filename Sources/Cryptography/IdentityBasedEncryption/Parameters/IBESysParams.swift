import Primitives

/// A domain's public parameters as they travel: IBESysParams of RFC 5408 4.2, in DER. What the RFC leaves to the application
/// (the names of districts, their serials, the type of identities) is docs/protocol.md choice 27.
public struct IBESysParams: Sendable, Hashable {
    /// The district: `sip:` DOMAIN, for the identities of that DOMAIN (docs/protocol.md choice 13).
    public let districtName: String
    /// At least 1; each new set of parameters of a district has a higher one.
    public let districtSerial: UInt64
    /// The first instant at which the parameters may be used: a whole second.
    public let notBefore: UTCTime
    /// The last instant at which the parameters may be used: a whole second.
    public let notAfter: UTCTime
    /// The Boneh-Franklin parameters. Those of other algorithms are read over.
    public let parameters: BFPublicParameters
    /// The DER.
    public let der: [UInt8]

    /// Makes the parameters of a domain. Fractions of seconds are cut off the times.
    ///
    /// Throws `IBEError.invalidParameters` where the domain is no DOMAIN of choice 13, the serial is 0, or the times are not in
    /// order or not between the years 0 and 9999.
    public init(
        domain: String, serial: UInt64, notBefore: UTCTime, notAfter: UTCTime, parameters: BFPublicParameters
    ) throws(IBEError) {
        districtName = Self.scheme + domain
        districtSerial = serial
        self.notBefore = notBefore.wholeSecond
        self.notAfter = notAfter.wholeSecond
        self.parameters = parameters
        guard let from = self.notBefore.generalizedTime, let to = self.notAfter.generalizedTime else {
            throw .invalidParameters("the times are not between the years 0 and 9999")
        }
        var octets: [UInt8] = []
        octets.append(bigEndian: serial)
        der = DERWriter.sequence(
            DERWriter.integer(2), DERWriter.value(.ia5String, SecretBytes(Array(districtName.utf8))),
            DERWriter.integer(SecretBytes(octets)),
            DERWriter.sequence(
                DERWriter.value(.generalizedTime, SecretBytes(from)), DERWriter.value(.generalizedTime, SecretBytes(to))
            ),
            DERWriter.sequence(
                DERWriter.sequence(
                    DERWriter.objectIdentifier(.bonehFranklin), DERWriter.octetString(SecretBytes(parameters.der)))),
            DERWriter.objectIdentifier(.datedURI)
        ).exposedCopy()
        try check()
    }

    /// Reads DER. Throws `IBEError` for what is malformed, of another version or type of identities, without Boneh-Franklin
    /// parameters, or with an extension, which RFC 5408 forbids to use without understanding it.
    public init(der: [UInt8]) throws(IBEError) {
        var fields = try DERReader.sequence(SecretBytes(der), structure: "IBESysParams")
        try fields.version(2)
        let name = try fields.value(.ia5String).exposedCopy()
        districtName = String(decoding: name, as: UTF8.self)
        let serial = try fields.integer().exposedCopy()
        guard serial.count <= 8 else { throw .unsupported("a district serial of \(serial.count) octets") }
        districtSerial = serial.reduce(0) { $0 << 8 | UInt64($1) }
        var validity = try fields.sequence()
        notBefore = try validity.time()
        notAfter = try validity.time()
        try validity.end()
        parameters = try Self.bonehFranklin(fields.sequence())
        guard try fields.objectIdentifier() == .datedURI else { throw .unsupported("another type of identities") }
        if !fields.isAtEnd {
            guard try fields.sequence().isAtEnd else { throw .unsupported("an extension of IBESysParams") }
        }
        try fields.end()
        self.der = der
        try check()
    }

    /// The domain whose identities the parameters are for.
    public var domain: String { String(districtName.dropFirst(Self.scheme.count)) }

    /// Whether the parameters may be used at an instant (RFC 5408 4.2).
    public func isValid(at time: UTCTime) -> Bool { (notBefore...notAfter).contains(time.wholeSecond) }

    private static let scheme = "sip:"

    private func check() throws(IBEError) {
        // A district is the domain of its mailbox service.
        guard districtName.hasPrefix(Self.scheme), let user = try? Identity("sip:mailbox@" + domain),
            user.domain == domain
        else { throw .invalidParameters("the district name is not sip: and a domain") }
        guard districtSerial > 0 else { throw .invalidParameters("the district serial is 0") }
        guard notBefore <= notAfter else { throw .invalidParameters("they end before they begin") }
    }

    private static func bonehFranklin(_ list: DERReader) throws(IBEError) -> BFPublicParameters {
        var list = list
        var seen: Set<ObjectIdentifier> = []
        var found: BFPublicParameters?
        while !list.isAtEnd {
            var entry = try list.sequence()
            let algorithm = try entry.objectIdentifier()
            let data = try entry.octetString()
            try entry.end()
            guard seen.insert(algorithm).inserted else { throw .invalidParameters("one algorithm twice") }
            if algorithm == .bonehFranklin { found = try BFPublicParameters(der: data.exposedCopy()) }
        }
        guard let found else { throw .unsupported("parameters without Boneh-Franklin's") }
        return found
    }
}

extension DERReader {
    /// The next GeneralizedTime, YYYYMMDDHHMMSSZ.
    fileprivate mutating func time() throws(IBEError) -> UTCTime {
        let text = try value(.generalizedTime).exposedCopy()
        guard let time = UTCTime(generalizedTime: text) else {
            throw .malformed(structure: "IBESysParams", fault: "a time that is not YYYYMMDDHHMMSSZ")
        }
        return time
    }
}

extension UTCTime {
    fileprivate var wholeSecond: UTCTime {
        UTCTime(milliseconds: milliseconds - (milliseconds - day.start.milliseconds) % 1000)
    }

    /// YYYYMMDDHHMMSSZ; nil for years that have not four digits.
    fileprivate var generalizedTime: [UInt8]? {
        // YYYY-MM-DDThh:mm:ss.mmmZ without its punctuation and fraction
        let text = Array(description.utf8)
        guard text.count == 24, text[0] != UInt8(ascii: "-") else { return nil }
        return text.prefix(19).filter { (48...57).contains($0) } + [UInt8(ascii: "Z")]
    }

    fileprivate init?(generalizedTime octets: [UInt8]) {
        guard octets.count == 15, octets[14] == UInt8(ascii: "Z"),
            octets.prefix(14).allSatisfy({ (48...57).contains($0) })
        else { return nil }
        func number(_ range: Range<Int>) -> Int64 { octets[range].reduce(0) { $0 * 10 + Int64($1 - 48) } }
        let text = String(decoding: octets, as: UTF8.self)
        let (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
        guard let day = UTCDay("\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.dropFirst(6).prefix(2))"),
            hour < 24, minute < 60, second < 60
        else { return nil }
        self = day.start.advanced(byMilliseconds: (hour * 3600 + minute * 60 + second) * 1000)
    }
}
