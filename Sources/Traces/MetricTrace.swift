// Metrics from a file: `timestamp,value`, or `timestamp,metric,value` for several; each metric in order of time.
// Readings need no grid: the value of a step is the mean of the readings within it. An empty value is a missing
// reading and never zero. Readings farther apart than a step are refused, because between them nothing is known.

import ClusterModel
import Forecasting

/// The metrics of one file.
package enum MetricTrace: Sendable {
    /// A file of the header `timestamp,value`.
    case one(LoadSeries)
    case named([String: LoadSeries])

    static let header = ["timestamp", "value"]
    static let namedHeader = ["timestamp", "metric", "value"]

    /// Reads a file onto the grid of `step`.
    package static func read(path: String, step: Duration) throws(TraceError) -> MetricTrace {
        var rows = try CSVRows(path: path, header: header, alternative: namedHeader)
        let isNamed = rows.header == namedHeader
        var builders: [String: MetricBuilder] = [:]
        while let fields = try rows.next() {
            guard let at = Timestamp(fields[0]) else {
                throw rows.failure(
                    .notATimestamp, column: "timestamp",
                    "`\(fields[0].prefix(40))` is not a timestamp: write 1998-06-30T14:30:00Z")
            }
            let name = isNamed ? fields[1] : ""
            guard !isNamed || !name.isEmpty else {
                throw rows.failure(.emptyMetric, column: "metric", "is empty: name a metric")
            }
            let text = fields[fields.count - 1]
            let value = text.isEmpty ? Double.nan : Double(text) ?? .infinity
            guard text.isEmpty || value.isFinite else {
                throw rows.failure(
                    .notANumber, column: "value",
                    "`\(text.prefix(40))` is not a number; leave it empty where the reading is missing")
            }
            let problem = builders[name, default: MetricBuilder(start: at, step: step)].add(value, at: at)
            if let problem { throw rows.failure(problem, column: "timestamp", "\(at) \(Self.words(problem))") }
        }
        for (name, builder) in builders.sorted(by: { $0.key < $1.key }) {
            guard let apart = builder.shortest, apart > step else { continue }
            throw rows.failure(
                .tooCoarse,
                "the readings\(isNamed ? " of \(name)" : "") are \(Int(apart.inSeconds)) s apart and the forecast's step "
                    + "is \(Int(step.inSeconds)) s: give a reading for every step")
        }
        guard isNamed else {
            return .one(builders[""]?.series ?? LoadSeries(start: Timestamp(seconds: 0), step: step, values: []))
        }
        return .named(builders.mapValues(\.series))
    }

    private static func words(_ problem: TraceError.Code) -> String {
        problem == .lastsTooLong
            ? "is more than \(MetricBuilder.gapStepsMax) steps after the reading before it: correct one of them"
            : "is not after the reading before it: sort each metric by time"
    }
}

/// Puts the readings of one metric on their grid.
private struct MetricBuilder {
    /// Steps between two readings beyond which the later timestamp is taken for a mistake: ten years of minutes.
    static let gapStepsMax: Int64 = 5_256_000

    private let start: Timestamp
    private let step: Duration
    private var values: [Double] = []
    private var sum = 0.0
    private var count = 0.0
    private var last: Timestamp?
    /// The shortest time between two readings.
    private(set) var shortest: Duration?

    init(start: Timestamp, step: Duration) {
        self.start = start.floored(to: step)
        self.step = step
    }

    /// Nil when all is well.
    mutating func add(_ value: Double, at: Timestamp) -> TraceError.Code? {
        if let last {
            guard at > last else { return .notInOrder }
            shortest = min(shortest ?? at - last, at - last)
        }
        last = at
        let index = (at.floored(to: step) - start).wholeMilliseconds / step.wholeMilliseconds
        guard index - Int64(values.count) <= Self.gapStepsMax else { return .lastsTooLong }
        while values.count < index { close() }
        if !value.isNaN { (sum, count) = (sum + value, count + 1) }
        return nil
    }

    private mutating func close() {
        values.append(count > 0 ? sum / count : .nan)
        (sum, count) = (0, 0)
    }

    var series: LoadSeries {
        var whole = self
        whole.close()
        return LoadSeries(start: start, step: step, values: whole.values)
    }
}
