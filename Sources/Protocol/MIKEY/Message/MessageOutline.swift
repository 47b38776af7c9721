/// What a message says, part by part, for a person or a program that looks at it. Encrypted parts and MACs are shown by
/// length or as they are on the wire; there is no key here to open them with.
public struct MessageOutline: Sendable, Equatable {
    /// HDR or a payload.
    public struct Part: Sendable, Hashable {
        /// Its name in the RFCs.
        public let name: String
        /// Where it starts, in octets.
        public let offset: Int
        /// How many octets it has.
        public let count: Int
        /// Its fields, decoded.
        public let fields: String
        /// Where it is specified.
        public let section: String
    }

    /// HDR and the payloads in their order; none where `fault` is set.
    public let parts: [Part]
    /// Why the octets are not readable as MIKEY.
    public let fault: MIKEYError?

    /// Looks at octets.
    public init(of octets: [UInt8]) {
        var places: [Int] = []
        do {
            let message = try MIKEYMessage(octets: octets, places: &places)
            let ends = places.dropFirst() + [octets.count]
            let header = Part(
                name: "HDR", offset: 0, count: places.first ?? octets.count, fields: message.header.summary,
                section: "RFC 3830 section 6.1")
            parts =
                [header]
                + zip(message.payloads, zip(places, ends)).map { payload, place in
                    Part(
                        name: payload.name, offset: place.0, count: place.1 - place.0, fields: payload.summary,
                        section: payload.type.section)
                }
            fault = nil
        } catch {
            parts = []
            fault = error
        }
    }
}
