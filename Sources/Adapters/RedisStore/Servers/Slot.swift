/// The slot of Redis Cluster that a key belongs to: CRC16 (XMODEM) of its hash tag, or of all of it, modulo 16384.
struct Slot: Hashable, Sendable {
    let number: UInt16

    init(of key: [UInt8]) {
        var hashed = key[...]
        if let open = key.firstIndex(of: UInt8(ascii: "{")) {
            let rest = key[(open + 1)...]
            if let close = rest.firstIndex(of: UInt8(ascii: "}")), close > rest.startIndex {
                hashed = rest[..<close]
            }
        }
        var crc: UInt16 = 0
        for octet in hashed {
            crc ^= UInt16(octet) << 8
            for _ in 0..<8 { crc = crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
        }
        number = crc % 16_384
    }
}
