/// Which payloads a message has: its figure in RFC 6267 section 4.2 (docs/protocol.md choice 10).
struct MessageFigure {
    /// Payloads and roles that must be there, by name.
    let required: Set<String>
    /// Those that may be there.
    var optional: Set<String> = []
    /// Those that may be there more than once. General Extension always may.
    var recurring: Set<String> = []
    /// Whether other known payloads are ignored, as in Request Key messages, and not refused.
    var ignoresOthers = false

    init?(_ type: DataType) {
        switch type {
        // HDR, T, RAND, IDRi, IDRr, IBAKE, [ESK] (section 4.2.2)
        case .iMessage1, .iMessage2:
            required = ["T", "RAND", "IDRi", "IDRr", "IBAKE"]
            optional = ["ESK"]
        // HDR, T, IDRi, IDRr, IBAKE
        case .rMessage1:
            required = ["T", "IDRi", "IDRr", "IBAKE"]
        // HDR, T, [IDRi], [IDRr], [IBAKE], V
        case .rMessage2:
            required = ["T", "V"]
            optional = ["IDRi", "IDRr", "IBAKE"]
        // HDR, T, RAND, (IDRi), IDRkms, IDRpsk, V (section 4.2.1; KEMAC is not asked for, docs/protocol.md choice 19)
        case .requestKeyPSK:
            required = ["T", "RAND", "IDRi", "IDRkms", "IDRpsk", "V"]
            recurring = ["IDRi", "CERT"]
            ignoresOthers = true
        // HDR, T, [IDRi], IDRkms, KEMAC, V
        case .requestKeyResponse:
            required = ["T", "IDRkms", "KEMAC", "V"]
            recurring = ["IDRi", "CERT"]
            ignoresOthers = true
        // HDR, T, {ERR}, {SP}, [V] (RFC 3830 section 5.1.2)
        case .error:
            required = ["T", "ERR"]
            optional = ["V", "SP"]
            recurring = ["ERR", "SP"]
        case .requestKeyPKE:
            return nil
        }
    }
}

extension MIKEYMessage {
    /// Checks that this is a message of the given type and that its payloads are those of the message's figure: each
    /// that must be there, none that is not listed, none twice, V last (docs/protocol.md choice 10).
    ///
    /// Throws `MIKEYError` that names the payload.
    public func requirePayloads(of type: DataType) throws(MIKEYError) {
        guard header.dataType == type.rawValue, let figure = MessageFigure(type) else {
            throw .dataType(header.dataType)
        }
        var seen: Set<String> = []
        for (index, payload) in payloads.enumerated() where payload.type != .generalExtension {
            let name = payload.name
            guard figure.ignoresOthers || figure.required.contains(name) || figure.optional.contains(name) else {
                throw .unexpected(payload.type)
            }
            guard seen.insert(name).inserted || figure.recurring.contains(name) else { throw .repeated(name) }
            guard payload.type != .verification || index == payloads.count - 1 else { throw .notLast(.verification) }
        }
        guard let missing = figure.required.subtracting(seen).min() else { return }
        throw .missing(missing)
    }
}
