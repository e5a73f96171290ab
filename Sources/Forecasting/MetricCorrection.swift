// What metrics add to a model: a linear correction of its path, one regression per horizon step, of what the model
// missed by on
//
//   m(t+h-L+1), m(t+h-L), m(t+h-L-1)   for each metric m that leads by L steps; none newer than it is known at t
//   d_1(t), d_3(t), d_12(t)            how far the load of the last steps lies off what is usual
//
// The d take back what the model made of those steps without knowing why they came: with them the regression of the
// residual gives nearly what one regression of all columns would. It is the same for every model, whatever that is.
//
// Invariant: where a metric is missing the model's path stays as it is, and no correction is farther from it than twice
// the largest one over the history that was learned from.

/// A metric and how it leads.
struct MetricTerm: Sendable, Equatable {
    let metric: String
    /// Steps by which the load comes after the metric.
    let lag: Int
    /// Steps by which the metric comes late; newer values are not read even where the history has them.
    let delay: Int
    /// The standard deviation of the metric's deviations.
    let scale: Double
}

/// The corrections of one model's paths for one subject.
struct MetricCorrection: Sendable {
    let terms: [MetricTerm]
    /// The share by which it lowered the losses on data that it had not learned from.
    let gain: Double
    /// One row per horizon step; empty where metrics do not help.
    private let coefficients: [[Double]]
    private let limits: [Double]

    init(terms: [MetricTerm], gain: Double, coefficients: [[Double]], limits: [Double]) {
        self.terms = terms
        self.gain = gain
        self.coefficients = coefficients
        self.limits = limits
    }

    /// The path with the correction, in the load's unit.
    func corrected(_ path: [Double], origin: Int, columns: CorrectionColumns, scale: LoadScale) -> [Double] {
        var row = [Double](repeating: 0, count: columns.count)
        return path.enumerated().map { index, load in
            guard !coefficients[index].isEmpty, !load.isNaN,
                columns.write(origin: origin, ahead: index + 1, into: &row)
            else { return load }
            let sum = zip(row, coefficients[index]).reduce(0) { $0 + $1.0 * $1.1 }
            return scale.load(scale.scaled(load) + min(max(sum, -limits[index]), limits[index]))
        }
    }
}

/// What the regression reads: the metrics of `terms` and the newest loads.
struct CorrectionColumns {
    /// Means over so many last steps.
    private static let spans = [1, 3, 12]
    private static let valuesPerTerm = 3
    /// Deviations beyond so many standard deviations are taken for so many: one wild value makes no wild forecast.
    private static let deviationMax = 8.0

    private let sources: [(term: MetricTerm, values: MetricDeviation)]
    private let offsets: OffsetsFromUsual

    /// Nil when the history lacks one of the metrics.
    init?(_ terms: [MetricTerm], _ history: SubjectHistory, offsets: OffsetsFromUsual) {
        sources = terms.compactMap { term in
            history.metrics.first { $0.name == term.metric }.map { (term, $0) }
        }
        self.offsets = offsets
        guard sources.count == terms.count else { return nil }
    }

    static func offsets(_ history: SubjectHistory, origins: ClosedRange<Int>) -> OffsetsFromUsual {
        let reach = (spans.max() ?? 1) - 1
        return OffsetsFromUsual(over: origins.lowerBound - reach..<origins.upperBound + 1, grid: history.grid) { step in
            let load = history.load(step)
            return load.isNaN ? .nan : history.scale.scaled(load)
        }
    }

    var count: Int { Self.spans.count + sources.count * Self.valuesPerTerm }

    /// False, and `row` is not whole, where a metric is missing.
    func write(origin: Int, ahead: Int, into row: inout [Double]) -> Bool {
        for (column, span) in Self.spans.enumerated() { row[column] = offsets.mean(origin, span: span) }
        var column = Self.spans.count
        for (term, values) in sources {
            let newest = min(origin + ahead - term.lag + 1, origin - term.delay)
            for back in 0..<Self.valuesPerTerm {
                let value = values.value(newest - back) / term.scale
                guard !value.isNaN else { return false }
                row[column] = min(max(value, -Self.deviationMax), Self.deviationMax)
                column += 1
            }
        }
        return true
    }
}

/// A model's fit whose paths metrics correct.
struct CorrectedFit: ModelFit {
    private var model: any ModelFit
    let correction: MetricCorrection

    init(_ model: any ModelFit, correction: MetricCorrection) {
        self.model = model
        self.correction = correction
    }

    mutating func advance(_ history: SubjectHistory, through last: Int) { model.advance(history, through: last) }

    func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
        let paths = model.paths(history, from: origins)
        guard let first = origins.min(), let last = origins.max() else { return paths }
        let offsets = CorrectionColumns.offsets(history, origins: first...last)
        guard let columns = CorrectionColumns(correction.terms, history, offsets: offsets) else { return paths }
        return zip(origins, paths).map { origin, path in
            correction.corrected(path, origin: origin, columns: columns, scale: history.scale)
        }
    }
}
