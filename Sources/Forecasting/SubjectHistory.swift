// What a model may read: one subject's measured loads up to some step, the events and metrics that concern it, and
// which steps must not teach. A model is told separately which step is the last known one and never looks past it.

import ClusterModel

/// One subject's past on the grid, and the events of its past and future.
package struct SubjectHistory: Sendable {
    let grid: StepGrid
    let scale: LoadScale
    let events: [EventWindow]
    let metrics: [MetricDeviation]
    private let firstStep: Int
    private let values: [Double]
    private let notTeaching: Set<Int>

    init(
        grid: StepGrid,
        scale: LoadScale,
        events: [EventWindow],
        series: LoadSeries,
        notTeaching: Set<Int> = [],
        metrics: [MetricDeviation] = []
    ) {
        self.grid = grid
        self.scale = scale
        self.events = events
        self.notTeaching = notTeaching
        self.metrics = metrics
        firstStep = series.firstStep
        values = series.values
    }

    /// The steps that the series covers; any of them may be missing.
    var steps: Range<Int> { firstStep..<firstStep + values.count }

    /// The load of a step; NaN where it is missing or outside.
    func load(_ step: Int) -> Double {
        steps.contains(step) ? values[step - firstStep] : .nan
    }

    /// Whether a step is measured and was no anomaly.
    func teaches(_ step: Int) -> Bool { !load(step).isNaN && !notTeaching.contains(step) }

    /// Whether any event, known of in advance, reaches the step.
    func isEventful(_ step: Int) -> Bool { events.contains { $0.reach.contains(step) } }

    /// The first measured step; nil when there is none.
    var firstMeasured: Int? { values.firstIndex { !$0.isNaN }.map { $0 + firstStep } }

    /// The newest measured step that is not after `step`; nil when there is none.
    func lastMeasured(notAfter step: Int) -> Int? {
        let last = min(step, steps.upperBound - 1)
        guard last >= firstStep else { return nil }
        return values[...(last - firstStep)].lastIndex { !$0.isNaN }.map { $0 + firstStep }
    }
}
