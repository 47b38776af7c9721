import Primitives

extension MIKEYMessage {
    /// What a message says, for a person: a line a payload with its name, offset, length, decoded fields and RFC
    /// section, then, if reading ended early, a line with the fault. Encrypted parts and MACs are shown by length or
    /// as they are on the wire; there is no key here to open them with.
    public static func description(of octets: [UInt8]) -> [String] {
        let outline = MessageOutline(of: octets)
        if let fault = outline.fault { return ["not readable as MIKEY: \(fault)"] }
        return outline.parts.map { part in
            "\(part.name) at \(part.offset), \(part.count) octets: \(part.fields) (\(part.section))"
        }
    }
}

extension CommonHeader {
    var summary: String {
        let name = DataType(rawValue: dataType)?.name ?? "unknown"
        let function = AlgorithmSuite(rawValue: prf)?.name ?? "unknown"
        return "data type \(dataType) \(name), V \(expectsAnswer ? 1 : 0), PRF func \(prf) \(function), "
            + "CSB ID \(hexadecimal(withUnsafeBytes(of: csbID.bigEndian, Array.init))), #CS \(map.count), "
            + "CS ID map type \(map.type.rawValue)" + (map.info.isEmpty ? "" : ", info \(hexadecimal(map.info))")
    }
}

extension Payload {
    var summary: String {
        switch self {
        case .kemac(let kemac):
            "Encr alg \(kemac.encryption), Encr data of \(kemac.data.count) octets, MAC alg \(kemac.macAlgorithm.name)"
        case .timestamp(let payload):
            if let timestamp = try? payload.timestamp {
                "NTP-UTC \(hexadecimal(timestamp.octets)), \(timestamp)"
            } else {
                "TS type \(payload.kind), \(hexadecimal(payload.value))"
            }
        case .id(let id): id.summary
        case .idr(let idr): "role \(idr.role.rawValue), " + idr.value.summary
        case .verification(let payload): "Auth alg \(payload.algorithm.name), Ver data \(hexadecimal(payload.mac))"
        case .rand(let rand): "\(rand.octets.count) octets \(hexadecimal(rand.octets))"
        case .error(let error):
            "Error no \(error.number) \(ErrorNumber(rawValue: error.number)?.name ?? "unknown")"
        case .generalExtension(let payload): "type \(payload.type), data of \(payload.data.count) octets"
        case .ibake(let payload), .esk(let payload): "Encr data of \(payload.data.count) octets"
        case .skipped(let payload): "\(payload.body.count) octets, not looked at"
        }
    }
}

extension IdentityPayload {
    fileprivate var summary: String {
        let isText = data.allSatisfy { (0x21...0x7e).contains($0) }
        return "ID type \(type), " + (isText ? String(decoding: data, as: UTF8.self) : hexadecimal(data))
    }
}
