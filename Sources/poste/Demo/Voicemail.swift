import Foundation

/// A recording for the demo, made on the fly: 30 s of a melody on a plucked string, 16 bits at 8 kHz, as a RIFF WAVE file.
enum Voicemail {
    static let seconds = 30
    static let samplesPerSecond = 8000

    /// The octets of the WAV file, 480,044 of them, the same each time.
    static func recording() -> [UInt8] {
        let samples = melody()
        var wav: [UInt8] = []
        func append(_ value: UInt32, octets: Int) {
            for index in 0..<octets { wav.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * index))) }
        }
        let dataCount = UInt32(samples.count * 2)
        wav += Array("RIFF".utf8)
        append(36 + dataCount, octets: 4)
        wav += Array("WAVEfmt ".utf8)
        append(16, octets: 4)
        append(1, octets: 2)  // PCM
        append(1, octets: 2)  // one channel
        append(UInt32(samplesPerSecond), octets: 4)
        append(UInt32(samplesPerSecond * 2), octets: 4)
        append(2, octets: 2)
        append(16, octets: 2)
        wav += Array("data".utf8)
        append(dataCount, octets: 4)
        for sample in samples { append(UInt32(UInt16(bitPattern: sample)), octets: 2) }
        return wav
    }

    /// A rising and falling scale, each note a decaying sine with an overtone.
    private static func melody() -> [Int16] {
        let steps = [0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0]
        let noteLength = samplesPerSecond / 2
        return (0..<seconds * samplesPerSecond).map { index in
            let step = steps[index / noteLength % steps.count]
            let frequency = 261.63 * pow(2, Double(step) / 12)
            let time = Double(index % noteLength) / Double(samplesPerSecond)
            let phase = 2 * Double.pi * frequency * time
            let value = (sin(phase) + 0.4 * sin(2 * phase)) * exp(-3 * time)
            return Int16(value * 18_000)
        }
    }
}
