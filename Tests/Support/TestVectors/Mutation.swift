/// Octets with a few faults in them: for fuzzing decoders.
public func mutated(_ octets: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var octets = octets
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0...octets.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0 where place < octets.count: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1 where place < octets.count: octets[place] = UInt8.random(in: 0...255, using: &generator)
        case 2 where place < octets.count:
            octets[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
        case 3: octets.removeSubrange(place...)
        case 4: octets.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        default:
            let end = Int.random(in: place...octets.count, using: &generator)
            octets.removeSubrange(place..<min(end, place + 8))
        }
    }
    return octets
}
