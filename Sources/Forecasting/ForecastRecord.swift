// What was forecast and what came: the paths that are not yet all history, how far they missed, and what their intervals
// would have cost. One model has a record, and so has the combination of all.
//
// The record outlives the fit: what a refitted model missed last week still says how far it may miss today.

/// The misses and losses of one source of paths for one subject.
struct ForecastRecord: Sendable {
    private(set) var pools: ResidualPools
    private(set) var losses: JudgedLosses
    private var turbulence = Turbulence()
    private var issued: [IssuedPath] = []
    private let horizon: Int
    /// Loads beyond single precision are judged as this one.
    private static let judgedMax = 1e38

    /// A path whose later steps are not yet known.
    private struct IssuedPath {
        let origin: Int
        let path: [Double]
        /// When it was issued.
        let turbulence: Double
        /// Quantile values at `LossWindow.levels`, for one knot after the other; NaN where the path has nothing to say.
        let judged: [Float]
    }

    /// A fine record keeps the misses at twice as many distances as are judged.
    init(horizon: Int, isFine: Bool = false) {
        self.horizon = horizon
        losses = JudgedLosses(horizon: horizon)
        pools = ResidualPools(knots: isFine ? Self.fineKnots(horizon) : losses.horizons)
    }

    /// The judged horizons and one between each two.
    private static func fineKnots(_ horizon: Int) -> [Int] {
        let judged = JudgedLosses(horizon: horizon).horizons
        let between = zip(judged, judged.dropFirst()).map { ($0 + $1) / 2 }
        return Set(judged + between + [min(2, horizon)]).sorted()
    }

    /// Remembers a path, to measure it when its steps have come.
    mutating func issue(_ path: [Double], origin: Int, history: SubjectHistory, noise: Double) {
        var judged: [Float] = []
        judged.reserveCapacity(pools.knots.count * LossWindow.levels.count)
        for ahead in pools.knots {
            let curve = curve(around: path[ahead - 1], ahead: ahead, target: origin + ahead, history, noise: noise)
            judged += LossWindow.levels.map { Float(min(curve.value(at: $0), Self.judgedMax)) }
        }
        issued.append(IssuedPath(origin: origin, path: path, turbulence: turbulence.factor, judged: judged))
    }

    /// Measures what the issued paths said about a step that has come. Anomalies and gaps are not held against them.
    mutating func settle(_ step: Int, history: SubjectHistory, keeping steps: Int) {
        let oldest = step - horizon
        issued.removeAll { $0.origin < oldest }
        guard history.teaches(step) else { return }
        let seen = history.load(step)
        let scaled = history.scale.scaled(seen)
        let phase: Phase = history.isEventful(step) ? .eventful : .quiet
        recordTurbulence(step, scaled, history)
        for path in issued where path.origin < step {
            let ahead = step - path.origin
            guard !path.path[ahead - 1].isNaN else { continue }
            let residual = scaled - history.scale.scaled(path.path[ahead - 1])
            pools.insert(residual / path.turbulence, ahead: ahead, phase: phase, at: step, keeping: steps)
            guard let knot = pools.knots.firstIndex(of: ahead) else { continue }
            let levels = LossWindow.levels.count
            let judged = path.judged[knot * levels..<(knot + 1) * levels].map(Double.init)
            pools.recordCoverage(isAbove: seen > judged[2], isBelow: seen < judged[0], ahead: ahead)
            guard losses.horizons.contains(ahead) else { continue }
            let quantiles = judged.map(history.scale.scaled)
            losses.add(seen: scaled, quantiles: quantiles, ahead: ahead, phase: phase)
        }
    }

    private mutating func recordTurbulence(_ step: Int, _ scaled: Double, _ history: SubjectHistory) {
        guard let newest = issued.last(where: { $0.origin < step }) else { return }
        let forecast = newest.path[step - newest.origin - 1]
        guard !forecast.isNaN else { return }
        turbulence.record(scaled - history.scale.scaled(forecast), stepsPerDay: history.grid.stepsPerDay)
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
            noise: noise,
            turbulence: turbulence.factor
        )
        let middle = history.scale.scaled(load)
        return QuantileCurve(values: offsets.map { history.scale.load(middle + $0) })
    }
}
