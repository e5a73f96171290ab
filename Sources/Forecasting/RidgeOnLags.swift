// Ridge regression on the last day, as QueryBot 5000 (Ma et al., SIGMOD 2018) has it: what comes is a linear function of
// what was. It knows no calendar, so it follows loads whose last day says more than their last week.
//
// The paper's inputs are all steps of the day. Here the last hour is read step by step and the rest as means over an hour
// each, which says nearly the same with a fifth of the coefficients. Everything is measured from the day's mean, so that a
// load that grew is forecast as if it had always been so large. Effects of events are taken out and put back, as in SPAR.

/// Settings of the regression.
package struct RidgeOnLags: ForecastModel {
    /// In units of one observation of each column's variance.
    package var ridge = 1.0
    /// Every how many steps an origin is learned from: neighbouring rows say nearly the same. Where steps are longer
    /// than five minutes they do not, and every origin teaches.
    package var originStride = 3
    /// Whether scheduled events are used.
    package var usesEvents = true
    var effects = EventEffects.Settings()

    package init() {}

    package var name: String { "ridge" }
    package var requirements: ModelRequirements { ModelRequirements(historyDaysMin: 3, measuredStepsMin: 72) }
    package var usesMetrics: Bool { true }

    package func fit(
        _ history: SubjectHistory,
        through end: Int,
        horizon: Int
    ) throws(FitRefusal) -> any ModelFit {
        try requirements.check(history, through: end)
        let learned = usesEvents ? EventEffects.learned(from: history, through: end, settings: effects) : .none
        let layout = LagColumns(stepsPerDay: history.grid.stepsPerDay)
        let first = (history.firstMeasured ?? end) + layout.reach
        let origins = stride(from: end - horizon, through: first, by: -history.grid.originStride(originStride)).filter {
            origin in
            (origin + 1...origin + horizon).allSatisfy(history.teaches)
        }
        guard origins.count > layout.count else { throw .tooFewMeasured(steps: origins.count, needed: layout.count) }
        let inputs = LagInputs(history, learned, first: (origins.last ?? first) - layout.reach, last: end)
        var design = [Double](repeating: 0, count: origins.count * layout.count)
        var targets = [Double](repeating: 0, count: origins.count * horizon)
        for (row, origin) in origins.enumerated() {
            let (values, mean) = layout.row(inputs, origin: origin)
            for (column, value) in values.enumerated() { design[column * origins.count + row] = value }
            for ahead in 1...horizon {
                targets[(ahead - 1) * origins.count + row] = inputs.value(origin + ahead) - mean
            }
        }
        guard
            let coefficients = ManyTargetRidge(rows: origins.count, columns: layout.count, targets: horizon)
                .coefficients(design: design, targets: targets, ridge: ridge)
        else { throw .singular }
        return Fit(layout: layout, effects: learned, horizon: horizon, coefficients: coefficients)
    }

    private struct Fit: ModelFit {
        let layout: LagColumns
        let effects: EventEffects
        let horizon: Int
        /// One column of `layout.count` coefficients per step of the horizon.
        let coefficients: [Double]

        func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
            guard let first = origins.min(), let last = origins.max() else { return [] }
            let inputs = LagInputs(history, effects, first: first - layout.reach, last: last)
            return origins.map { origin in
                let (values, mean) = layout.row(inputs, origin: origin)
                let coming = effects.values(
                    over: origin + 1..<origin + 1 + horizon, events: history.events, grid: history.grid)
                return (0..<horizon).map { step in
                    var sum = mean + coming[step]
                    for column in 0..<layout.count {
                        sum += values[column] * coefficients[step * layout.count + column]
                    }
                    return history.scale.load(sum)
                }
            }
        }
    }
}

/// Which column means what: a constant, the last steps one by one, means of stretches before them up to a day.
struct LagColumns: Sendable {
    private static let singles = 12
    let stepsPerDay: Int
    /// Steps back from the origin, as half-open ranges.
    private let stretches: [Range<Int>]

    init(stepsPerDay: Int) {
        self.stepsPerDay = stepsPerDay
        let width = max(1, stepsPerDay / 24)
        let singles = min(Self.singles, stepsPerDay)
        stretches =
            (0..<singles).map { $0..<$0 + 1 }
            + stride(from: singles, to: stepsPerDay, by: width).map { $0..<min($0 + width, stepsPerDay) }
    }

    var count: Int { stretches.count + 1 }
    /// Steps before an origin that its row needs.
    var reach: Int { stepsPerDay }

    /// The columns at an origin, and the mean of the day before it that they are measured from.
    func row(_ inputs: LagInputs, origin: Int) -> (values: [Double], mean: Double) {
        let mean = inputs.mean(origin - stepsPerDay + 1..<origin + 1)
        return (
            [1] + stretches.map { inputs.mean(origin - $0.upperBound + 1..<origin - $0.lowerBound + 1) - mean }, mean
        )
    }
}

/// The scaled load without the effects of events; a gap holds what was measured before it.
struct LagInputs {
    private let start: Int
    private let cleaned: [Double]
    private let sums: [Double]

    /// Covers the steps `first ... last`; nothing after `last` is read.
    init(_ history: SubjectHistory, _ learned: EventEffects, first: Int, last: Int) {
        start = first
        let effects = learned.values(over: first..<last + 1, events: history.events, grid: history.grid)
        var newest = history.lastMeasured(notAfter: first).map { history.scale.scaled(history.load($0)) }
        var cleaned: [Double] = []
        var sums = [0.0]
        cleaned.reserveCapacity(effects.count)
        sums.reserveCapacity(effects.count + 1)
        for step in first...last {
            let load = history.load(step)
            if !load.isNaN { newest = history.scale.scaled(load) - effects[step - first] }
            cleaned.append(newest ?? history.scale.scaled(0))
            sums.append(sums[step - first] + cleaned[step - first])
        }
        self.cleaned = cleaned
        self.sums = sums
    }

    func value(_ step: Int) -> Double { cleaned[step - start] }

    func mean(_ steps: Range<Int>) -> Double {
        (sums[steps.upperBound - start] - sums[steps.lowerBound - start]) / Double(steps.count)
    }
}
