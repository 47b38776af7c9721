import Synchronization

/// What a metric counts with. Every call is an atomic operation or two, and may come from any task or thread.
public protocol Instrument: Sendable {
    /// The word behind `# TYPE`.
    static var type: String { get }
    /// What it shows now.
    var reading: MetricReading { get }
    /// Writes the samples of one series.
    func write(_ name: String, _ labels: [(String, String)], to text: inout String)
}

/// A number that only grows: how often something happened.
public final class Counter: Instrument {
    /// `counter`
    public static let type = "counter"
    private let count = Atomic<UInt64>(0)

    init() {}

    /// Counts something that happened once, or so many times.
    public func add(_ amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }

    /// How often so far.
    public var value: UInt64 { count.load(ordering: .relaxed) }

    /// How often so far.
    public var reading: MetricReading { .number(Double(value)) }

    /// Writes its one sample.
    public func write(_ name: String, _ labels: [(String, String)], to text: inout String) {
        text.append(sample: name, labels, String(value))
    }
}

/// A number that goes up and down: how much of something there is now.
public final class Gauge: Instrument {
    /// `gauge`
    public static let type = "gauge"
    private let level = Atomic<Int64>(0)

    init() {}

    /// Sets it.
    public func set(_ value: Int64) { level.store(value, ordering: .relaxed) }
    /// Sets it; what no 64 bits hold is the nearest that they do.
    public func set(_ value: some BinaryInteger) { set(Int64(clamping: value)) }
    /// Adds to it; takes away with a negative amount.
    public func add(_ amount: Int64) { level.wrappingAdd(amount, ordering: .relaxed) }

    /// The number now.
    public var value: Int64 { level.load(ordering: .relaxed) }

    /// The number now.
    public var reading: MetricReading { .number(Double(value)) }

    /// Counts the time that `body` takes as one more.
    public func during<Value, Failure: Error>(_ body: () async throws(Failure) -> Value) async throws(Failure) -> Value
    {
        add(1)
        defer { add(-1) }
        return try await body()
    }

    /// Writes its one sample.
    public func write(_ name: String, _ labels: [(String, String)], to text: inout String) {
        text.append(sample: name, labels, String(value))
    }
}
