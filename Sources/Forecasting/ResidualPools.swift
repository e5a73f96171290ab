// How far one model misses: residuals in the models' scale, by horizon step, apart for steps that events reach and
// those that they do not, because a forecast during a match is far less certain than one at night.

/// What is known about the steps around a residual.
enum Phase: Sendable, CaseIterable {
    case quiet, eventful
}

/// The recent residuals of one model for one subject.
struct ResidualPools: Sendable {
    /// Residuals that make a window speak for itself.
    private static let samplesMin = 30
    /// How much wider than in quiet an event is taken to be that has not been seen often enough.
    private static let unseenEventWidening = 2.0
    /// Standard deviation before anything is known; in logarithms a factor of 1.6 either way.
    private static let deviationUnknown = 0.5
    /// The farthest a quantile lies from the path in logarithms: a factor of 20.
    private static let offsetMax = 3.0

    private var quiet: [ResidualWindow]
    private var eventful: [ResidualWindow]
    private var widening = IntervalWidening()

    init(horizon: Int) {
        quiet = Array(repeating: ResidualWindow(), count: horizon)
        eventful = quiet
    }

    mutating func insert(_ residual: Double, ahead: Int, phase: Phase, at step: Int, keeping steps: Int) {
        switch phase {
        case .quiet: Self.insert(residual, into: &quiet[ahead - 1], at: step, keeping: steps)
        case .eventful: Self.insert(residual, into: &eventful[ahead - 1], at: step, keeping: steps)
        }
    }

    private static func insert(_ residual: Double, into window: inout ResidualWindow, at step: Int, keeping steps: Int)
    {
        window.insert(residual, at: step)
        window.expire(before: step - steps)
    }

    func count(ahead: Int) -> Int { quiet[ahead - 1].count + eventful[ahead - 1].count }

    /// The offsets from the path at `QuantileCurve.levels`, ascending, for measurements with `noise` beyond what the
    /// residuals have seen.
    func offsets(ahead: Int, phase: Phase, noise: Double) -> [Double] {
        let offsets = offsets(ahead: ahead, phase: phase)
        let spread = max((offsets[5] - offsets[1]) / (2 * Self.normalQuantiles[5]), 1e-6)  // .1 and .9
        let noiseFactor = (1 + noise * noise / (spread * spread)).squareRoot()
        let middle = offsets[3]
        return offsets.map { offset in
            let side = offset > middle ? widening.upper : widening.lower
            return min(max(middle + (offset - middle) * side * noiseFactor, -Self.offsetMax), Self.offsetMax)
        }
    }

    /// Learns from whether a load lay within the interval that was issued for it.
    mutating func recordCoverage(isAbove: Bool, isBelow: Bool) { widening.record(isAbove: isAbove, isBelow: isBelow) }

    private func offsets(ahead: Int, phase: Phase) -> [Double] {
        let (quiet, eventful) = (quiet[ahead - 1], eventful[ahead - 1])
        switch phase {
        case .eventful where eventful.count >= Self.samplesMin, .quiet where quiet.count < Self.samplesMin:
            return Self.offsets(of: eventful, widening: 1)
        case .eventful: return Self.offsets(of: quiet, widening: Self.unseenEventWidening)
        case .quiet: return Self.offsets(of: quiet, widening: 1)
        }
    }

    private static func offsets(of window: ResidualWindow, widening: Double) -> [Double] {
        guard window.count >= samplesMin else { return normalQuantiles.map { $0 * deviationUnknown * widening } }
        return QuantileCurve.levels.map { window.quantile($0) * widening }
    }

    /// Median and robust deviation of the one-step residuals; nil until there are enough.
    func oneStepSpread(_ phase: Phase) -> (median: Double, deviation: Double)? {
        let window = phase == .quiet ? quiet[0] : eventful[0]
        guard window.count >= Self.samplesMin else { return nil }
        return (window.quantile(0.5), window.robustDeviation())
    }

    /// Standard normal quantiles at `QuantileCurve.levels`.
    private static let normalQuantiles = [-1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645, 2.326]
}
