import ClusterModel

/// What a set of segments experienced in one interval.
package struct CohortSample: Hashable, Sendable, Codable {
    package var statements: Int
    package var errors: Int
    /// Nil when the interval had too few statements to say.
    package var p99Seconds: Double?
    package var load: Double

    package init(statements: Int, errors: Int = 0, p99Seconds: Double?, load: Double = 0) {
        self.statements = statements
        self.errors = errors
        self.p99Seconds = p99Seconds
        self.load = load
    }
}

/// One interval, seen by the segments that moved (or will) and by others that do not: the control.
///
/// The best control lives on neither end of the move, so that the relief of the source does not look like harm. Where
/// nothing does, it is empty: no statements and no latency.
package struct WatchSample: Hashable, Sendable, Codable {
    package var at: Timestamp
    package var moved: CohortSample
    package var unmoved: CohortSample

    package init(at: Timestamp, moved: CohortSample, unmoved: CohortSample) {
        self.at = at
        self.moved = moved
        self.unmoved = unmoved
    }
}

/// What is remembered of one cohort on one side of the cut-over. Bounded: the oldest latencies are forgotten.
struct CohortRecord: Hashable, Sendable, Codable {
    static let latenciesMax = 120

    private(set) var statements = 0
    private(set) var errors = 0
    private(set) var load = 0.0
    private(set) var logLatencies: [Double] = []
    private var samples = 0

    mutating func add(_ sample: CohortSample) {
        samples += 1
        statements += max(0, sample.statements)
        errors += min(max(0, sample.errors), max(0, sample.statements))
        load += (sample.load - load) / Double(samples)
        guard let latency = sample.p99Seconds, latency > 0, latency.isFinite else { return }
        logLatencies.append(Logarithm.natural(latency))
        if logLatencies.count > Self.latenciesMax { logLatencies.removeFirst() }
    }

    var errorRate: Double { statements == 0 ? 0 : Double(errors) / Double(statements) }

    /// The typical log latency and the standard error of saying so (from the median absolute deviation).
    var center: (value: Double, standardError: Double)? {
        guard let median = Self.median(logLatencies) else { return nil }
        let deviation = Self.median(logLatencies.map { abs($0 - median) }) ?? 0
        // 1.4826 makes the deviation one of a normal distribution, 1.2533 is the median's loss against the mean.
        return (median, 1.4826 * 1.2533 * deviation / Double(logLatencies.count).squareRoot())
    }

    private static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
