// What was forecast and what came: the paths that are not yet all history, how far they missed, and what their intervals
// would have cost. One model has a record, and so has the combination of all.
//
// The record outlives the fit: what a refitted model missed last week still says how far it may miss today.

/// The misses and losses of one source of paths for one subject.
struct ForecastRecord: Sendable {
    private(set) var pools: ResidualPools
    private(set) var losses: JudgedLosses
    private var issued: [IssuedPath] = []
    private let horizon: Int

    /// A path whose later steps are not yet known.
    private struct IssuedPath {
        let origin: Int
        let path: [Double]
        /// Quantile values at `LossWindow.levels`, one row per judged horizon.
        let judged: [(ahead: Int, values: [Double])]
    }

    init(horizon: Int) {
        self.horizon = horizon
        pools = ResidualPools(horizon: horizon)
        losses = JudgedLosses(horizon: horizon)
    }

    /// Remembers a path, to measure it when its steps have come.
    mutating func issue(_ path: [Double], origin: Int, history: SubjectHistory, noise: Double) {
        let judged = losses.horizons.compactMap { ahead -> (ahead: Int, values: [Double])? in
            guard !path[ahead - 1].isNaN else { return nil }
            let curve = curve(around: path[ahead - 1], ahead: ahead, target: origin + ahead, history, noise: noise)
            return (ahead, LossWindow.levels.map(curve.value(at:)))
        }
        issued.append(IssuedPath(origin: origin, path: path, judged: judged))
    }

    /// Measures what the issued paths said about a step that has come. Anomalies and gaps are not held against them.
    mutating func settle(_ step: Int, history: SubjectHistory, keeping steps: Int) {
        let oldest = step - horizon
        issued.removeAll { $0.origin < oldest }
        guard history.teaches(step) else { return }
        let seen = history.load(step)
        let scaled = history.scale.scaled(seen)
        let phase: Phase = history.isEventful(step) ? .eventful : .quiet
        for path in issued where path.origin < step {
            let ahead = step - path.origin
            guard !path.path[ahead - 1].isNaN else { continue }
            let residual = scaled - history.scale.scaled(path.path[ahead - 1])
            pools.insert(residual, ahead: ahead, phase: phase, at: step, keeping: steps)
            for judged in path.judged where judged.ahead == ahead {
                losses.add(seen: seen, quantiles: judged.values, ahead: ahead, phase: phase)
                pools.recordCoverage(isAbove: seen > judged.values[2], isBelow: seen < judged.values[0])
            }
        }
    }

    /// The distribution around a point of a path.
    func curve(
        around load: Double,
        ahead: Int,
        target: Int,
        _ history: SubjectHistory,
        noise: Double
    ) -> QuantileCurve {
        let offsets = pools.offsets(
            ahead: ahead,
            phase: history.isEventful(target) ? .eventful : .quiet,
            noise: noise
        )
        let middle = history.scale.scaled(load)
        return QuantileCurve(values: offsets.map { history.scale.load(middle + $0) })
    }
}
