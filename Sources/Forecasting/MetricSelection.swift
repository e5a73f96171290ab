// Which metrics correct a model's paths, and by how many steps each leads.
//
// 1. Lags: where the model's misses one step ahead, and half the horizon ahead, correlate most with the metric; once
//    with the metric as it is and once whitened (free of what its step before foretold), because a slow metric
//    correlates everywhere around its true lag.
// 2. Check: each lag's correction is learned from the past and judged on what followed (`CorrectionRows`), against the
//    model alone and against a correction from the newest loads without the metric. Only what misses by clearly less
//    stays: a useless metric costs the time of this check and nothing else.
// 3. Together: the best metric, then those that still lower the misses beside the ones that are in.

#if canImport(Glibc)
    import Glibc
#endif

/// Chooses the metrics of one model for one subject.
struct MetricSelection {
    private static let termsMax = 4
    /// Every how many steps an origin is learned from.
    private static let originStride = 3
    /// Origins that a choice needs.
    private static let originsMin = 240
    /// The longest lead that is looked for.
    private static let leadDaysMax = 0.25
    /// Misses that correlate less with a metric leave no such gain; that spares most useless metrics their check.
    private static let correlationMin = 0.1
    /// The least share by which a metric lowers the misses at a horizon, and how sure that must be.
    private static let gainMin = 0.01
    private static let standardErrorsMin = 2.5
    /// Stretches of the judged origins that count as independent.
    private static let blocks = 24

    private let rows: CorrectionRows
    private let judgedHorizons: JudgedLosses
    /// Per judged horizon: the misses of the model, or of what the newest loads make of it when that is better.
    private let reference: [[Double]]

    /// The correction of `fit` that the metrics of `history` allow; nil when none of them helps.
    static func correction(
        of fit: any ModelFit, _ history: SubjectHistory, through end: Int, horizon: Int
    ) -> MetricCorrection? {
        guard !history.metrics.isEmpty,
            let selection = MetricSelection(fit, history, through: end, horizon: horizon)
        else { return nil }
        return selection.correction(history, through: end)
    }

    private init?(_ fit: any ModelFit, _ history: SubjectHistory, through end: Int, horizon: Int) {
        // A week before the first origin tells what is usual; with less of a past two days do.
        guard let measured = history.firstMeasured else { return nil }
        let day = history.grid.stepsPerDay
        let first = measured + min(8 * day, (end - measured) / 3)
        let origins = Array(stride(from: end - 1, through: first, by: -Self.originStride).reversed())
        guard origins.count >= Self.originsMin,
            let rows = CorrectionRows(fit, history, origins: origins, through: end, horizon: horizon)
        else { return nil }
        self.rows = rows
        judgedHorizons = JudgedLosses(horizon: horizon)
        reference = judgedHorizons.horizons.map { ahead in
            let (alone, withLoads) = (rows.losses(ahead: ahead), rows.losses([], ahead: ahead))
            return Self.mean(withLoads) < Self.mean(alone) ? withLoads : alone
        }
    }

    private func correction(_ history: SubjectHistory, through end: Int) -> MetricCorrection? {
        var chosen: [MetricTerm] = []
        var losses = reference
        let ranked = history.metrics.compactMap { best($0, through: end) }.sorted { $0.total < $1.total }
        for (term, _) in ranked where chosen.count < Self.termsMax {
            let together = self.losses(chosen + [term])
            guard zip(losses, together).contains(where: Self.isGain) else { continue }
            chosen.append(term)
            losses = zip(losses, together).map { Self.mean($1) < Self.mean($0) ? $1 : $0 }
        }
        guard !chosen.isEmpty else { return nil }
        return learned(chosen)
    }

    private func learned(_ terms: [MetricTerm]) -> MetricCorrection? {
        let final = losses(terms)
        let alone = judgedHorizons.horizons.map { rows.losses(ahead: $0) }
        let helps = zip(zip(reference, final), alone).map { Self.isGain($0.0, $0.1) && Self.isGain($1, $0.1) }
        guard helps.contains(true) else { return nil }
        var coefficients: [[Double]] = []
        var limits: [Double] = []
        for ahead in 1...rows.horizon {
            let learned = helps[judgedHorizons.index(for: ahead)] ? rows.learned(terms, ahead: ahead) : nil
            coefficients.append(learned?.coefficients ?? [])
            limits.append(2 * (learned?.largest ?? 0))
        }
        let before = alone.map(Self.mean).reduce(0, +)
        let after = zip(zip(alone, final), helps).reduce(0) { $0 + Self.mean($1.1 ? $1.0.1 : $1.0.0) }
        return MetricCorrection(
            terms: terms, gain: 1 - after / before, coefficients: coefficients, limits: limits)
    }

    private func losses(_ terms: [MetricTerm]) -> [[Double]] {
        judgedHorizons.horizons.map { rows.losses(terms, ahead: $0) }
    }

    /// The metric at the lag that is best for it; nil when none helps.
    private func best(_ metric: MetricDeviation, through end: Int) -> (term: MetricTerm, total: Double)? {
        guard let scale = Self.deviation(metric, through: end) else { return nil }
        let lags = lags(metric)
        return lags.compactMap { lag -> (term: MetricTerm, total: Double)? in
            let term = MetricTerm(metric: metric.name, lag: lag, delay: metric.delay, scale: scale)
            let losses = losses([term])
            guard zip(reference, losses).contains(where: Self.isGain) else { return nil }
            return (term, zip(reference, losses).reduce(0) { $0 + min(Self.mean($1.0), Self.mean($1.1)) })
        }.min { $0.total < $1.total }
    }

    /// The standard deviation of the metric's deviations; nil for one that is constant or hardly measured.
    private static func deviation(_ metric: MetricDeviation, through end: Int) -> Double? {
        let known = metric.steps.clamped(to: metric.steps.lowerBound..<max(metric.steps.lowerBound, end + 1))
        let values = known.map(metric.value).filter { !$0.isNaN }
        guard values.count >= originsMin else { return nil }
        let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        return square > 1e-12 ? square.squareRoot() : nil
    }

    // MARK: Lags

    /// The lags at which the misses correlate most; at most three.
    private func lags(_ metric: MetricDeviation) -> [Int] {
        let middle = max(1, rows.horizon / 2)
        let persistence = Self.persistence(metric)
        let found = [
            strongest(metric, ahead: 1, whitenedBy: persistence), strongest(metric, ahead: 1, whitenedBy: 0),
            strongest(metric, ahead: middle, whitenedBy: 0),
        ]
        return Array(Set(found.compactMap { $0 })).sorted()
    }

    /// The correlation of each deviation with the one before it.
    private static func persistence(_ metric: MetricDeviation) -> Double {
        var (product, square) = (0.0, 0.0)
        for step in metric.steps.dropFirst() {
            let (before, value) = (metric.value(step - 1), metric.value(step))
            guard !before.isNaN, !value.isNaN else { continue }
            product += before * value
            square += before * before
        }
        return square > 0 ? min(max(product / square, -1), 1) : 0
    }

    /// The lead of the metric whose correlation with the misses `ahead` steps on is the strongest; nil when none is
    /// strong.
    private func strongest(_ metric: MetricDeviation, ahead: Int, whitenedBy persistence: Double) -> Int? {
        let farthest = Int(Self.leadDaysMax * Double(rows.history.grid.stepsPerDay))
        let strengths = (metric.delay...max(metric.delay, farthest)).map { back -> (lag: Int, strength: Double) in
            var (product, metricSquare, missSquare) = (0.0, 0.0, 0.0)
            for (index, origin) in rows.origins.enumerated() {
                let miss = rows.residual(index, ahead: ahead)
                let value = metric.value(origin - back) - persistence * metric.value(origin - back - 1)
                guard !miss.isNaN, !value.isNaN else { continue }
                product += miss * value
                metricSquare += value * value
                missSquare += miss * miss
            }
            let norm = (metricSquare * missSquare).squareRoot()
            return (back + ahead, norm > 0 ? abs(product) / norm : 0)
        }
        return strengths.max { $0.strength < $1.strength }.flatMap { $0.strength >= Self.correlationMin ? $0.lag : nil }
    }

    // MARK: Judging

    private static func mean(_ losses: [Double]) -> Double {
        let known = losses.filter { !$0.isNaN }
        return known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    }

    /// Whether the second losses are lower by a share and with a certainty that chance seldom has.
    private static func isGain(_ before: [Double], _ after: [Double]) -> Bool {
        let (mean, lower) = (mean(before), Self.mean(after))
        guard mean > 0, mean - lower >= gainMin * mean else { return false }
        let length = max(1, before.count / blocks)
        let gains = stride(from: 0, to: before.count, by: length).compactMap { start -> Double? in
            let part = start..<min(start + length, before.count)
            let known = part.filter { !before[$0].isNaN && !after[$0].isNaN }
            return known.isEmpty ? nil : known.reduce(0) { $0 + before[$1] - after[$1] } / Double(known.count)
        }
        guard gains.count >= 4 else { return false }
        let gain = gains.reduce(0, +) / Double(gains.count)
        let variance = gains.reduce(0) { $0 + ($1 - gain) * ($1 - gain) } / Double(gains.count - 1)
        return gain >= standardErrorsMin * (variance / Double(gains.count)).squareRoot()
    }
}
