// A trace as a stream: the engine is called after each step as a server would call it, says what began with that step and
// how odd it was, and relearns by age. Nothing of a step is known before it has ended.

import ClusterModel
import Forecasting

/// One step of a trace and what the engine said of it.
package struct JudgedLoad: Sendable {
    /// The start of the step.
    package let at: Timestamp
    /// Nil where the reading is missing.
    package let value: Double?
    /// The median that was forecast one step before; nil before there was a forecast.
    package let expected: Double?
    /// How odd the step was, in 0...1.
    package let score: Double
    package let anomaly: Anomaly?

    package init(at: Timestamp, value: Double?, expected: Double? = nil, score: Double, anomaly: Anomaly? = nil) {
        self.at = at
        self.value = value
        self.expected = expected
        self.score = score
        self.anomaly = anomaly
    }
}

/// Runs the engine's detector over a series.
package enum AnomalyStream {
    /// Forecasts that far ahead are what a level shift is held against.
    private static let horizonSteps = 24

    /// Every step of `series` in order. `progress` is called after each thousand.
    package static func judge(
        _ segment: SegmentID, _ series: LoadSeries, events: [ScheduledEvent], progress: (Int) -> Void = { _ in }
    ) -> [JudgedLoad] {
        var configuration = PredictionEngine.Configuration()
        configuration.horizonSteps = horizonSteps
        var engine = PredictionEngine(configuration: configuration)
        var expected: Double?
        return series.values.indices.map { index in
            if index % 1000 == 999 { progress(index + 1) }
            let end = series.start + series.step * (index + 1)
            let known = series.window(from: max(series.start, end - configuration.historyMax), to: end)
            let forecast = engine.forecast([Subject(segment, series: known)], events: events, at: end)[0]
            let value = series.values[index]
            defer { expected = forecast.steps.first?.curve.median }
            return JudgedLoad(
                at: end - series.step, value: value.isNaN ? nil : value, expected: expected, score: forecast.surprise,
                anomaly: forecast.anomaly)
        }
    }
}
