/// What an admin page answers.
public struct AdminResponse: Sendable, Hashable {
    /// The status of HTTP, as 200.
    public var status: Int
    /// With its charset.
    public var mediaType: String
    /// The octets.
    public var body: [UInt8]
    /// More of the head, such as `content-security-policy`.
    public var fields: [Field]

    /// One line of the head.
    public struct Field: Sendable, Hashable {
        /// In lower case.
        public let name: String
        /// Printable ASCII.
        public let value: String

        /// A line from its parts.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// An answer from its parts.
    public init(_ mediaType: String, _ body: [UInt8], status: Int = 200, fields: [Field] = []) {
        self.status = status
        self.mediaType = mediaType
        self.body = body
        self.fields = fields
    }

    /// Text for people.
    public static func text(_ text: String, status: Int = 200) -> AdminResponse {
        AdminResponse("text/plain; charset=utf-8", Array(text.utf8), status: status)
    }
}
