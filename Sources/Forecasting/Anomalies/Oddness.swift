// How odd a step is, as one number that can be ranked and thresholded: how far its residual, or the load itself, lies
// beyond the farthest of the last days. A burst is counted once: for a while after it only something twice as odd counts in
// full. Invariant: memory is bounded by the two windows; an odd step is remembered like any other, so what recurs fades.

/// A running measure of how odd the steps of one subject are.
struct Oddness: Sendable {
    private static let residualsKept = 2016
    private static let loadsKept = 4032
    private static let evidenceMin = 48
    /// The share on either side that counts as farthest.
    private static let farShare = 0.001
    /// A residual is measured by the farthest, or by so many robust deviations where that is more.
    private static let deviationsMin = 8.0
    /// A load is measured by so many times the distance of the farthest load from the median.
    private static let loadReach = 1.5
    /// The least distance in the models' scale; keeps a nearly constant subject from looking odd at nothing.
    private static let distanceMin = 0.03
    /// After something that odd the next steps count half, and at most so much, unless they are `growth` times as odd.
    private static let told = 0.7
    private static let growth = 2.0
    private static let echoSteps = 288

    private let scale: LoadScale
    private var residuals = ResidualWindow()
    private var loads = ResidualWindow()
    private var echo = (step: 0, strength: 0.0)

    init(scale: LoadScale) { self.scale = scale }

    /// 0..<1, one half for a step as odd as is seldom seen. `expected` is the forecast of one step before, if any.
    mutating func observe(_ step: Int, seen: Double, expected: Double?) -> Double {
        let load = scale.scaled(seen)
        guard load.isFinite else { return 0 }
        var strength = strength(ofLoad: load)
        if let expected, expected.isFinite {
            let residual = load - scale.scaled(expected)
            strength = max(strength, self.strength(ofResidual: residual))
            residuals.insert(residual, at: step)
            residuals.expire(before: step - Self.residualsKept)
        }
        loads.insert(load, at: step)
        loads.expire(before: step - Self.loadsKept)
        let damped = damped(strength, step)
        return damped / (1 + damped)
    }

    private func strength(ofResidual residual: Double) -> Double {
        guard residuals.count >= Self.evidenceMin else { return 0 }
        let median = residuals.quantile(0.5)
        let deviation = max(residuals.robustDeviation(), Self.distanceMin)
        return abs(residual - median) / max(Self.deviationsMin * deviation, reach(residuals, residual, median))
    }

    private func strength(ofLoad load: Double) -> Double {
        guard loads.count >= Self.evidenceMin else { return 0 }
        let median = loads.quantile(0.5)
        return abs(load - median) / max(Self.loadReach * reach(loads, load, median), Self.distanceMin)
    }

    /// The distance of the farthest values on the side of `value` from the median.
    private func reach(_ window: ResidualWindow, _ value: Double, _ median: Double) -> Double {
        abs(window.quantile(value > median ? 1 - Self.farShare : Self.farShare) - median)
    }

    private mutating func damped(_ strength: Double, _ step: Int) -> Double {
        if step - echo.step > Self.echoSteps { echo.strength = 0 }
        guard strength >= Self.growth * echo.strength else { return min(strength / 2, Self.told) }
        if strength > Self.told { echo = (step, strength) }
        return strength
    }
}
