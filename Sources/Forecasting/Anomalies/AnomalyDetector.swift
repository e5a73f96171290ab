// Finds spikes, level shifts, wilder scatter and missing data in one subject's loads, a step at a time.
//
// 1. A residual of the one-step forecast, in the models' scale, over its robust deviation is the score of a step.
// 2. spike: the score is beyond `scoreMin` and beyond what this subject's residuals have lately reached.
// 3. level shift and changed variance: cumulative sums; see ShiftWatch and VarianceWatch.
// 4. missing data: the first step of a gap, unless gaps are usual here.
// Invariant: memory is bounded by `memory` residuals and one forecast. An eventful step neither tells nor teaches.

/// A streaming detector for one subject.
struct AnomalyDetector: Sendable {
    struct Configuration: Sendable {
        /// Robust standard deviations.
        var scoreMin = 6.0
        /// A spike is beyond so many times the farthest residuals of the last days.
        var reachFactor = 1.2
        /// The share of residuals on either side that counts as farthest.
        var reachShare = 0.001
        /// The least deviation in the models' scale; keeps a nearly constant subject from crying at nothing.
        var deviationMin = 0.03
        /// After so many anomalous steps, none of them long after another, the load is taken to have a new normal, which
        /// teaches.
        var runMax = 12
        /// Steps within which another of a kind is the same anomaly, unless it is half as strong again.
        var echoSteps = 72
        /// Steps for which intervals stay wider after a level shift or a changed variance.
        var unrestSteps = 24
    }

    /// Residuals from which spread and reach are read; half of them before they speak for themselves.
    private static let memory = 2016
    private static let evidenceMin = 48
    /// Where more steps than this share are missing a gap is no news.
    private static let missingShareMax = 0.1

    private let configuration: Configuration
    private let scale: LoadScale
    private var residuals = ResidualWindow()
    private var shift = ShiftWatch()
    private var variance = VarianceWatch()
    private var oddness: Oddness
    private let stepsPerDay: Int
    /// Anomalous steps in a row that quiet steps have not ended, and the quiet steps since the last of them.
    private var run = 0
    private var quiet = 0
    private var isInGap = false
    /// Whether the last step was a spike, told or an echo of one.
    private var isSpiking = false
    private var missingShare = 0.0
    private var measured = 0
    private var told: [Anomaly.Kind: (step: Int, strength: Double)] = [:]
    private var unrest = (step: Int.min, deviation: 0.0)

    init(scale: LoadScale, stepsPerDay: Int, configuration: Configuration = Configuration()) {
        self.scale = scale
        self.stepsPerDay = stepsPerDay
        oddness = Oddness(scale: scale)
        self.configuration = configuration
    }

    /// Takes notice of one step; NaN is a missing load. `outlook` is what the newest forecast says of this step and
    /// those after it, with the spread of its residuals; empty when there is none.
    mutating func observe(
        _ step: Int, seen: Double, isEventful: Bool, noise: Double, outlook: [Expectation]
    ) -> StepVerdict {
        isSpiking = false
        let isMissing = !seen.isFinite
        missingShare += ((isMissing ? 1 : 0) - missingShare) / 288
        guard !isMissing else { return missed(step, isEventful: isEventful, outlook) }
        isInGap = false
        measured += 1
        guard !isEventful, let forecast = outlook.first, forecast.load.isFinite else {
            shift.clear()
            guard !isEventful else { return .nothing }
            let surprise = oddness.observe(step, seen: seen, expected: nil)
            return StepVerdict(found: [], surprise: surprise, isAnomalous: false)
        }
        return judge(step, seen, forecast, outlook, noise)
    }

    private mutating func judge(
        _ step: Int, _ seen: Double, _ forecast: Expectation, _ outlook: [Expectation], _ noise: Double
    ) -> StepVerdict {
        let residual = scale.scaled(seen) - scale.scaled(forecast.load)
        let expectation = spread(forecast, noise)
        let score = expectation.score(seen, scale)
        let limit = max(configuration.scoreMin, configuration.reachFactor * reach(score, expectation))
        let strength = abs(score) / limit
        var found: [Surprise] = []
        isSpiking = strength >= 1
        if isSpiking {
            found.append(
                Surprise(kind: .spike, since: step, expected: forecast.load, score: score, strength: strength))
        }
        let least = configuration.deviationMin
        let shifted = shift.observe(step, seen: seen, score: score, scale: scale) {
            [expectation] + outlook.dropFirst().map { $0.widened(by: noise, least: least) }
        }
        let scattered = variance.observe(step, of: stepsPerDay, score: score, expected: forecast.load)
        found += [shifted, scattered].compactMap { $0 }
        learn(residual, at: step)
        let surprise = oddness.observe(step, seen: seen, expected: forecast.load)
        return verdict(step, found, surprise: surprise, isSpike: isSpiking, deviation: expectation.deviation)
    }

    private mutating func verdict(
        _ step: Int, _ found: [Surprise], surprise: Double, isSpike: Bool, deviation: Double
    ) -> StepVerdict {
        let isAnomalous = isSpike || shift.isTold
        count(isAnomalous)
        let fresh = found.filter { surprise in
            guard let last = told[surprise.kind], step - last.step <= configuration.echoSteps else { return true }
            return surprise.strength > 1.5 * last.strength
        }
        for surprise in found where surprise.kind != .spike {
            told[surprise.kind]?.step = step  // what goes on is not told again
        }
        for surprise in fresh {
            told[surprise.kind] = (step, surprise.strength)
            switch surprise.kind {
            case .levelShift: unrest = (step, min(1, abs(surprise.score) * deviation / 2))
            case .variance: unrest = (step, deviation * 1.75)
            case .spike, .missing: break
            }
        }
        return StepVerdict(
            found: fresh, surprise: surprise, isAnomalous: isAnomalous && run <= configuration.runMax)
    }

    private mutating func count(_ isAnomalous: Bool) {
        quiet = isAnomalous ? 0 : quiet + 1
        if isAnomalous { run += 1 } else if quiet >= configuration.echoSteps { run = 0 }
    }

    private mutating func missed(_ step: Int, isEventful: Bool, _ outlook: [Expectation]) -> StepVerdict {
        defer { isInGap = true }
        guard !isInGap, !isEventful, measured >= Self.evidenceMin, missingShare <= Self.missingShareMax else {
            return .nothing
        }
        let expected = outlook.first?.load ?? 0
        let surprise = Surprise(
            kind: .missing, since: step, expected: expected.isFinite ? expected : 0, score: 0, strength: 1)
        return StepVerdict(found: [surprise], surprise: 0.5, isAnomalous: false)
    }

    /// Every residual is remembered, also an anomalous one: what happens often is not odd, and the median and its
    /// deviation bear it.
    private mutating func learn(_ residual: Double, at step: Int) {
        residuals.insert(residual, at: step)
        residuals.expire(before: step - Self.memory)
    }

    /// The forecast with the spread that this detector has seen, once it has seen enough.
    private func spread(_ forecast: Expectation, _ noise: Double) -> Expectation {
        let least = configuration.deviationMin
        guard residuals.count >= Self.evidenceMin else { return forecast.widened(by: noise, least: least) }
        let seen = Expectation(
            load: forecast.load, median: residuals.quantile(0.5), deviation: residuals.robustDeviation())
        return seen.widened(by: noise, least: least)
    }

    /// How far the residuals on the side of `score` have lately reached, in deviations.
    private func reach(_ score: Double, _ expectation: Expectation) -> Double {
        guard residuals.count >= Self.evidenceMin else { return 0 }
        let level = score > 0 ? 1 - configuration.reachShare : configuration.reachShare
        return abs(residuals.quantile(level) - expectation.median) / expectation.deviation
    }

    /// What goes on at the last step, if it was ever told. A level shift ends when the load is back or when the
    /// forecasts of before it go no further: then it is the new normal.
    var lasting: Set<Anomaly.Kind> {
        let watched: [(Anomaly.Kind, Bool)] = [
            (.spike, isSpiking), (.levelShift, shift.isTold), (.variance, variance.isTold), (.missing, isInGap),
        ]
        return Set(watched.filter(\.1).map(\.0))
    }

    /// By how much, in the models' scale, measurements scatter beyond the record since a level or a variance changed;
    /// it fades.
    func unrest(at step: Int) -> Double {
        guard unrest.step != Int.min, step - unrest.step < configuration.unrestSteps, step >= unrest.step else {
            return 0
        }
        return unrest.deviation * (1 - Double(step - unrest.step) / Double(configuration.unrestSteps))
    }
}
