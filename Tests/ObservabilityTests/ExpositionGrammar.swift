/// Prometheus's text format, version 0.0.4, read as its documentation states it, and more strictly than a server does: one HELP and
/// one TYPE before the samples of a family, families whole, no sample twice, classes of a histogram ascending.
struct ExpositionGrammar {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var samples: [Sample] = []
    private(set) var types: [String: String] = [:]
    private var family = ""

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else { throw Fault(description: "the last line has no end") }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() { try take(line) }
        for name in types where name.value == "histogram" { try checkHistogram(name.key) }
    }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private mutating func take(_ line: Substring) throws {
        if line.hasPrefix("# HELP ") {
            family = String(line.dropFirst(7).prefix { $0 != " " })
            guard types[family] == nil else { throw Fault(description: "\(family) comes twice") }
            return
        }
        if line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ")
            guard words.count == 4, words[2] == family, ["counter", "gauge", "histogram"].contains(words[3]) else {
                throw Fault(description: "a TYPE that does not follow its HELP: \(line)")
            }
            types[family] = String(words[3])
            return
        }
        let sample = try Self.sample(line)
        let suffixes = types[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { sample.name == family + $0 }) else {
            throw Fault(description: "a sample outside its family \(family): \(line)")
        }
        guard !samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
            throw Fault(description: "a sample comes twice: \(line)")
        }
        samples.append(sample)
    }

    private static func sample(_ line: Substring) throws -> Sample {
        var rest = Array(line.unicodeScalars)[...]
        func fault(_ what: String) -> Fault { Fault(description: "\(what): \(line)") }
        func name() throws -> String {
            let letters = rest.prefix {
                ($0.isASCII && $0.properties.isAlphabetic) || $0 == "_" || ("0"..."9").contains($0)
            }
            guard let first = letters.first, !("0"..."9").contains(first) else { throw fault("no name") }
            rest = rest.dropFirst(letters.count)
            return String(String.UnicodeScalarView(letters))
        }
        var sample = Sample(name: try name(), labels: [:], value: 0)
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                let label = try name()
                guard rest.starts(with: "=\"".unicodeScalars) else { throw fault("no value of \(label)") }
                rest = rest.dropFirst(2)
                var value = String.UnicodeScalarView()
                while let next = rest.popFirst(), next != "\"" {
                    guard next == "\\" else {
                        value.append(next)
                        continue
                    }
                    switch rest.popFirst() {
                    case "n": value.append("\n")
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    default: throw fault("an escape that is none")
                    }
                }
                guard sample.labels.updateValue(String(value), forKey: label) == nil else {
                    throw fault("\(label) twice")
                }
            } while rest.first == ","
            guard rest.popFirst() == "}" else { throw fault("no end of the labels") }
        }
        guard rest.popFirst() == " " else { throw fault("no space before the value") }
        let text = String(String.UnicodeScalarView(rest))
        guard let value = text == "+Inf" ? Double.infinity : Double(text) else { throw fault("no number") }
        sample.value = value
        return sample
    }

    private func checkHistogram(_ name: String) throws {
        var series: [[String: String]: [(Double, Double)]] = [:]
        for sample in samples where sample.name == name + "_bucket" {
            var labels = sample.labels
            guard let text = labels.removeValue(forKey: "le"), let bound = text == "+Inf" ? .infinity : Double(text)
            else {
                throw Fault(description: "a class of \(name) without a bound")
            }
            series[labels, default: []].append((bound, sample.value))
        }
        for (labels, classes) in series {
            guard classes.last?.0 == .infinity, classes.last?.1 == value(name + "_count", labels),
                value(name + "_sum", labels) != nil,
                zip(classes, classes.dropFirst()).allSatisfy({ $0.0 < $1.0 && $0.1 <= $1.1 })
            else { throw Fault(description: "\(name) \(labels) is no histogram: \(classes)") }
        }
    }
}
