import MIKEY

extension MIKEYMessage {
    /// Reads an answer and checks what holds for every one: type, payloads, and the header and T of the message that
    /// was sent (docs/protocol.md choices 9 and 12). An Error message becomes `IBAKEError.peerError`.
    init(
        _ octets: [UInt8], _ type: DataType, answering header: CommonHeader, _ timestamp: NTPTimestamp
    ) throws(IBAKEError) {
        self = try step {
            let message = try MIKEYMessage(octets: octets)
            try message.header.requireSameCSB(as: header)
            if message.header.dataType == DataType.error.rawValue {
                try message.requirePayloads(of: .error)
                throw IBAKEError.peerError(message.errorNumber ?? ErrorNumber.unspecified.rawValue)
            }
            try message.requirePayloads(of: type)
            try message.header.requireSameExchange(as: header)
            guard try message.timestamp == timestamp else { throw MIKEYError.changed("T") }
            return message
        }
    }
}
