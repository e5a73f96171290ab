// A metric as the models read it: how far it lies off what is usual at that time of day, so that a metric whose days
// are like the load's says nothing that the models do not know, and one that is constant says nothing at all.
//
// Invariant: the value of a step depends on no measurement after that step.

import ClusterModel

/// The deviations of one metric on the grid of a subject.
struct MetricDeviation: Sendable {
    /// A gap of so many steps is bridged by what was measured before it.
    private static let heldStepsMax = 2

    let name: String
    /// Steps between the newest measured value and the step that ended last: how late the metric comes.
    let delay: Int
    private let firstStep: Int
    private let values: [Double]

    /// Reads the steps up to and including `last`.
    init(_ metric: MetricSeries, grid: StepGrid, through last: Int) {
        name = metric.name
        let series = metric.series
        let measured = Array(series.values.prefix(max(0, last + 1 - series.firstStep)))
        let scale: LoadScale =
            measured.contains { $0 < 0 } ? .linear : .logarithmic(for: measured)
        let newest = measured.lastIndex { !$0.isNaN }
        firstStep = series.firstStep
        delay = newest.map { last - series.firstStep - $0 } ?? 0
        let scaled = measured.map { $0.isNaN ? .nan : scale.scaled($0) }
        let offsets = OffsetsFromUsual(over: firstStep..<firstStep + scaled.count, grid: grid) { step in
            scaled.indices.contains(step - series.firstStep) ? scaled[step - series.firstStep] : .nan
        }
        values = Self.bridged(offsets.values)
    }

    private static func bridged(_ values: [Double]) -> [Double] {
        var bridged = values
        var missing = 0
        for index in values.indices {
            missing = values[index].isNaN ? missing + 1 : 0
            if missing > 0, missing <= heldStepsMax, index > 0 { bridged[index] = bridged[index - 1] }
        }
        return bridged
    }

    /// The deviation at a step; NaN where too little was measured. Steps after the newest measured one are bridged too.
    func value(_ step: Int) -> Double {
        let index = step - firstStep
        guard index >= values.count else { return index >= 0 ? values[index] : .nan }
        return index - values.count < Self.heldStepsMax ? values.last ?? .nan : .nan
    }

    var steps: Range<Int> { firstStep..<firstStep + values.count }
}

/// How far each step lies off the mean at the same time of the two nearest comparable days and of a week before.
struct OffsetsFromUsual: Sendable {
    private static let week = 7
    let first: Int
    /// NaN where the step or all of those days are missing.
    let values: [Double]

    init(over steps: Range<Int>, grid: StepGrid, value: (Int) -> Double) {
        first = steps.lowerBound
        var day = Int.min
        var lags: [Int] = []
        values = steps.map { step in
            if grid.day(step) != day {
                day = grid.day(step)
                let days = Set(SparInputs.comparableDays(before: day) + [Self.week])
                lags = days.sorted().map { $0 * grid.stepsPerDay }
            }
            var (sum, count) = (0.0, 0.0)
            for lag in lags {
                let usual = value(step - lag)
                if !usual.isNaN { (sum, count) = (sum + usual, count + 1) }
            }
            return count > 0 ? value(step) - sum / count : .nan
        }
    }

    subscript(step: Int) -> Double { values.indices.contains(step - first) ? values[step - first] : .nan }

    /// The mean of the measured ones among the last `span` steps up to `step`; zero, as usual, where none is.
    func mean(_ step: Int, span: Int) -> Double {
        var (sum, count) = (0.0, 0.0)
        for back in 0..<span {
            let value = self[step - back]
            if !value.isNaN { (sum, count) = (sum + value, count + 1) }
        }
        return count > 0 ? sum / count : 0
    }
}

/// The metrics of one call of the engine, prepared once for all subjects.
struct PreparedMetrics {
    private let prepared: [Duration: [(metric: MetricSeries, deviation: MetricDeviation)]]

    init(_ metrics: [MetricSeries], zone: ZoneOffsets, at now: Timestamp) {
        let clock = PresentClock(zone, at: now)
        prepared = Dictionary(grouping: metrics, by: \.series.step).mapValues { metrics in
            metrics.map { metric in
                let grid = StepGrid(step: metric.series.step, utcOffset: clock.utcOffset)
                let told = MetricSeries(
                    name: metric.name, series: clock.told(metric.series), segments: metric.segments)
                return (metric, MetricDeviation(told, grid: grid, through: grid.number(of: now) - 1))
            }
        }
    }

    func deviations(for subject: Subject) -> [MetricDeviation] {
        (prepared[subject.series.step] ?? []).filter { $0.metric.concerns(subject) }.map(\.deviation)
    }
}
