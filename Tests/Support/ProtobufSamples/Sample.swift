import MailboxAPI

/// One message of a type with every field set, beside the text in which `protoc` writes it.
package struct Sample: Sendable {
    package let name: String
    package let text: String
    package let octets: [UInt8]
    /// Reads octets as that type and writes them again.
    package let reencode: @Sendable ([UInt8]) throws(ProtobufError) -> [UInt8]
    /// Whether octets are this very message.
    package let isEqual: @Sendable ([UInt8]) throws(ProtobufError) -> Bool

    package init<Message: ProtobufMessage>(_ message: Message, _ text: String) {
        name = Message.name
        self.text = text
        octets = message.encoded
        reencode = { octets throws(ProtobufError) in try Message(decoding: octets).encoded }
        isEqual = { octets throws(ProtobufError) in try Message(decoding: octets) == message }
    }
}
