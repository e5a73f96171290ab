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

    /// The steps ahead whose residuals are kept, ascending; the last is the whole horizon. Between them offsets run
    /// straight, because misses grow steadily with the distance.
    let knots: [Int]
    private var quiet: [ResidualWindow]
    private var eventful: [ResidualWindow]
    private var widening: [IntervalWidening]

    init(knots: [Int]) {
        precondition(!knots.isEmpty && knots == knots.sorted(), "knots ascend, not \(knots)")
        self.knots = knots
        quiet = Array(repeating: ResidualWindow(), count: knots.count)
        eventful = quiet
        widening = Array(repeating: IntervalWidening(), count: knots.count)
    }

    /// Takes in a residual in units of the turbulence of its time; one between the knots is passed over.
    mutating func insert(_ residual: Double, ahead: Int, phase: Phase, at step: Int, keeping steps: Int) {
        guard let knot = knots.firstIndex(of: ahead) else { return }
        switch phase {
        case .quiet: Self.insert(residual, into: &quiet[knot], at: step, keeping: steps)
        case .eventful: Self.insert(residual, into: &eventful[knot], at: step, keeping: steps)
        }
    }

    private static func insert(_ residual: Double, into window: inout ResidualWindow, at step: Int, keeping steps: Int)
    {
        window.insert(residual, at: step)
        window.expire(before: step - steps)
    }

    /// The residuals at the first knot that is not before `ahead`.
    func count(ahead: Int) -> Int {
        let knot = index(for: ahead)
        return quiet[knot].count + eventful[knot].count
    }

    private func index(for ahead: Int) -> Int { knots.firstIndex { $0 >= ahead } ?? knots.count - 1 }

    /// The offsets from the path at `QuantileCurve.levels`, ascending, for measurements with `noise` beyond what the
    /// residuals have seen, at a time whose misses are `turbulence` times the usual ones.
    func offsets(ahead: Int, phase: Phase, noise: Double, turbulence: Double) -> [Double] {
        let upper = index(for: ahead)
        let far = offsets(knot: upper, phase, noise: noise, turbulence: turbulence)
        guard upper > 0, knots[upper] > ahead else { return far }
        let near = offsets(knot: upper - 1, phase, noise: noise, turbulence: turbulence)
        let share = Double(ahead - knots[upper - 1]) / Double(knots[upper] - knots[upper - 1])
        return zip(near, far).map { $0 + ($1 - $0) * share }
    }

    private func offsets(knot: Int, _ phase: Phase, noise: Double, turbulence: Double) -> [Double] {
        let offsets = residualOffsets(knot, phase).map { $0 * turbulence }
        let spread = max((offsets[5] - offsets[1]) / (2 * Self.normalQuantiles[5]), 1e-6)  // .1 and .9
        let noiseFactor = (1 + noise * noise / (spread * spread)).squareRoot()
        let middle = offsets[3]
        return offsets.map { offset in
            let side = offset > middle ? widening[knot].upper : widening[knot].lower
            return min(max(middle + (offset - middle) * side * noiseFactor, -Self.offsetMax), Self.offsetMax)
        }
    }

    /// Learns from whether a load lay within the interval that was issued for it.
    mutating func recordCoverage(isAbove: Bool, isBelow: Bool, ahead: Int) {
        guard let knot = knots.firstIndex(of: ahead) else { return }
        widening[knot].record(isAbove: isAbove, isBelow: isBelow)
    }

    private func residualOffsets(_ knot: Int, _ phase: Phase) -> [Double] {
        let (quiet, eventful) = (quiet[knot], eventful[knot])
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

    /// Median and robust deviation of the residuals at the first knot, one step ahead; nil until there are enough.
    func oneStepSpread(_ phase: Phase) -> (median: Double, deviation: Double)? {
        let window = phase == .quiet ? quiet[0] : eventful[0]
        guard window.count >= Self.samplesMin else { return nil }
        return (window.quantile(0.5), window.robustDeviation())
    }

    /// Robust deviation of the residuals at the first knot that is not before `ahead`; nil until there are enough.
    func deviation(ahead: Int) -> Double? {
        let window = quiet[index(for: ahead)]
        return window.count >= Self.samplesMin ? window.robustDeviation() : nil
    }

    /// Standard normal quantiles at `QuantileCurve.levels`.
    private static let normalQuantiles = [-1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645, 2.326]
}
