import Primitives

/// Asks for the public parameters.
public struct GetParametersRequest: ProtobufMessage {
    /// `posterestante.v1.GetParametersRequest`.
    public static let name = "posterestante.v1.GetParametersRequest"

    /// An empty message.
    public init() {}

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {}

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {}
}

/// The public parameters of a KMS.
public struct GetParametersResponse: ProtobufMessage {
    /// `posterestante.v1.GetParametersResponse`.
    public static let name = "posterestante.v1.GetParametersResponse"
    /// RFC 5408 IBESysParams in DER, highest serial first.
    public var parameters: [[UInt8]] = []

    /// An empty message.
    public init() {}

    /// A message of its field.
    public init(parameters: [[UInt8]]) {
        self.parameters = parameters
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        if field.number == 1 { parameters.append(try field.octets()) }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        for element in parameters { writer.element(1, element) }
    }
}

/// Makes an account.
public struct EnrollRequest: ProtobufMessage {
    /// `posterestante.v1.EnrollRequest`.
    public static let name = "posterestante.v1.EnrollRequest"
    /// The URIs of one account.
    public var identities: [String] = []
    /// Instead of identities: the domain whose mailbox service the account is, for its fronts.
    public var mailboxDomain = ""

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(identities: [String], mailboxDomain: String) {
        self.identities = identities
        self.mailboxDomain = mailboxDomain
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: identities.append(try field.text())
        case 2: mailboxDomain = try field.text()
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        for element in identities { writer.element(1, Array(element.utf8)) }
        writer.text(2, mailboxDomain)
    }
}

/// An account and what its owner needs to ask for keys.
public struct EnrollResponse: ProtobufMessage {
    /// `posterestante.v1.EnrollResponse`.
    public static let name = "posterestante.v1.EnrollResponse"
    /// IDRpsk data.
    public var pskName: [UInt8] = []
    /// The pre-shared key, 32 octets.
    public var psk = SecretBytes([])
    /// IDRkms data.
    public var kms: [UInt8] = []
    /// As in ``GetParametersResponse``.
    public var parameters: [[UInt8]] = []

    /// An empty message.
    public init() {}

    /// A message of all its fields.
    public init(pskName: [UInt8], psk: SecretBytes, kms: [UInt8], parameters: [[UInt8]]) {
        self.pskName = pskName
        self.psk = psk
        self.kms = kms
        self.parameters = parameters
    }

    /// Takes one field.
    public mutating func take(_ field: ProtobufField) throws(ProtobufError) {
        switch field.number {
        case 1: pskName = try field.octets()
        case 2: psk = SecretBytes(try field.octets())
        case 3: kms = try field.octets()
        case 4: parameters.append(try field.octets())
        default: break
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ProtobufWriter) {
        writer.bytes(1, pskName)
        writer.bytes(2, psk.exposedCopy())
        writer.bytes(3, kms)
        for element in parameters { writer.element(4, element) }
    }
}
