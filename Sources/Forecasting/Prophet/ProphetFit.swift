// What Prophet learned about one subject. The decomposition alone is a function of the calendar; with the
// auto-regression the path starts from the load of the last steps and goes over into it.
// Invariant: a path reads loads up to its origin only, and is finite and not negative.

import ClusterModel

/// The decomposition of one subject's load.
package struct ProphetFit: ModelFit {
    let design: ProphetDesign
    let mode: ProphetMode
    private let horizon: Int
    private let scale: LoadScale
    /// The largest absolute scaled load of the history; 1 when all are zero.
    private let unit: Double
    private let autoregression: ResidualAutoregression?

    init(_ model: Prophet, _ history: SubjectHistory, through end: Int, horizon: Int) throws(FitRefusal) {
        let scale = model.usesHistoryScale ? history.scale : .linear
        let steps = ((history.firstMeasured ?? end + 1)..<end + 1).filter {
            history.teaches($0) && scale.scaled(history.load($0)).isFinite
        }
        guard steps.count >= 2 else { throw .tooFewMeasured(steps: steps.count, needed: 2) }
        let scaled = steps.map { scale.scaled(history.load($0)) }
        let largest = scaled.reduce(0) { max($0, abs($1)) }
        let unit = largest > 0 ? largest : 1
        let targets = scaled.map { $0 / unit }
        let design = ProphetDesign(model, history, steps: steps)
        let equations = NormalEquations(
            columns: design.count,
            rows: steps.count,
            matrix: design.matrix(steps, events: history.events) + targets,
            totalWeight: Double(steps.count)
        )
        let posterior = ProphetPosterior(
            equations,
            squares: targets.reduce(0) { $0 + $1 * $1 },
            observations: steps.count,
            priorScales: design.priorScales
        )
        guard let posterior,
            let mode = ProphetMode(posterior, changepointPriorScale: model.changepointPriorScale)
        else { throw .singular }
        self.design = design
        self.mode = mode
        self.horizon = horizon
        self.scale = scale
        self.unit = unit
        guard model.residualAutoregression else {
            autoregression = nil
            return
        }
        let residuals = Self.residuals(history, over: steps[0]..<end + 1, design, mode, scale, unit)
        let taught = residuals.steps.map { history.teaches($0) && !residuals.value($0).isNaN }
        autoregression = ResidualAutoregression(
            residuals,
            taught: taught,
            horizon: horizon,
            day: history.grid.stepsPerDay
        )
    }

    private static func decomposition(
        _ steps: Range<Int>,
        events: [EventWindow],
        _ design: ProphetDesign,
        _ mode: ProphetMode
    ) -> [Double] {
        design.matrix(Array(steps), events: events.filter { $0.reach.overlaps(steps) })
            .times(mode.smooth + mode.ramps, rows: steps.count)
    }

    /// How far the loads lie off the decomposition, in units of the largest; missing ones NaN.
    private static func residuals(
        _ history: SubjectHistory,
        over steps: Range<Int>,
        _ design: ProphetDesign,
        _ mode: ProphetMode,
        _ scale: LoadScale,
        _ unit: Double
    ) -> ResidualSeries {
        let said = decomposition(steps, events: history.events, design, mode)
        return ResidualSeries(
            first: steps.lowerBound,
            values: zip(steps, said).map { step, said in
                let residual = scale.scaled(history.load(step)) / unit - said
                return residual.isFinite ? residual : .nan
            }
        )
    }

    package func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
        unitPaths(history, from: origins).map { $0.map(load) }
    }

    /// The paths in units of the largest scaled load.
    func unitPaths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
        guard let first = origins.min(), let last = origins.max() else { return [] }
        let ahead = first + 1..<last + 1 + horizon
        let said = Self.decomposition(ahead, events: history.events, design, mode)
        guard let autoregression else {
            return origins.map { Array(said[$0 - first..<$0 - first + horizon]) }
        }
        let reach = first + 1 - autoregression.reach..<last + 1
        let residuals = Self.residuals(history, over: reach, design, mode, scale, unit)
        return origins.map { origin in
            let corrections = autoregression.corrections(residuals, origin: origin)
            return zip(said[(origin - first)...], corrections).map { $0 + $1 }
        }
    }

    /// Finite and not negative, whatever the history was.
    func load(_ inUnits: Double) -> Double {
        let scaled = min(max(inUnits * unit, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
        return scale.load(scaled)
    }
}
