// What recent intervals would have cost: the pinball loss, which an honest interval minimises at its level. Levels lean to
// the upper side, because that is the side that protects. Losses are taken in the models' scale, so that one spike does
// not outweigh a week, and forgotten by and by, because a load that changed its ways wants other models at once.

#if canImport(Glibc)
    import Glibc
#endif

/// The mean pinball loss of the last forecasts for one horizon, recent ones before older ones.
struct LossWindow: Sendable {
    static let levels = [0.1, 0.5, 0.9, 0.95]
    /// Forecasts after which a loss counts half.
    private static let halfLife: Float = 40
    private static let kept = exp2(-1 / halfLife)

    private(set) var count = 0
    private var weight: Float = 0
    private var sum: Float = 0

    /// In the models' scale; nil before the first.
    var mean: Double? { count == 0 ? nil : Double(sum / weight) }

    /// `quantiles` are the values at `levels`.
    mutating func add(seen: Double, quantiles: [Double]) {
        let loss = zip(Self.levels, quantiles).reduce(0) { $0 + Self.pinball(seen, level: $1.0, quantile: $1.1) }
        sum = sum * Self.kept + Float(loss / Double(Self.levels.count))
        weight = weight * Self.kept + 1
        count += 1
    }

    static func pinball(_ seen: Double, level: Double, quantile: Double) -> Double {
        seen >= quantile ? level * (seen - quantile) : (1 - level) * (quantile - seen)
    }
}

/// The losses at a few horizons, apart for steps that events reach and those that they do not.
struct JudgedLosses: Sendable {
    /// Steps ahead; ascending, the last is the whole horizon.
    let horizons: [Int]
    private var quiet: [LossWindow]
    private var eventful: [LossWindow]

    init(horizon: Int) {
        horizons = Array(Set([1, max(1, horizon / 4), max(1, horizon / 2), horizon])).sorted()
        quiet = Array(repeating: LossWindow(), count: horizons.count)
        eventful = quiet
    }

    /// The judged horizon that stands for `ahead` steps: the first that is not before it.
    func index(for ahead: Int) -> Int { horizons.firstIndex { $0 >= ahead } ?? horizons.count - 1 }

    mutating func add(seen: Double, quantiles: [Double], ahead: Int, phase: Phase) {
        switch phase {
        case .quiet: quiet[index(for: ahead)].add(seen: seen, quantiles: quantiles)
        case .eventful: eventful[index(for: ahead)].add(seen: seen, quantiles: quantiles)
        }
    }

    func window(_ index: Int, _ phase: Phase) -> LossWindow { phase == .quiet ? quiet[index] : eventful[index] }

    /// Over all horizons and phases; nil before the first.
    var mean: Double? {
        let windows = (quiet + eventful).filter { $0.count > 0 }
        let count = windows.reduce(0) { $0 + $1.count }
        return count == 0 ? nil : windows.reduce(0) { $0 + ($1.mean ?? 0) * Double($1.count) } / Double(count)
    }
}
