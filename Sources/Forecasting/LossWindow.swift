// What recent intervals would have cost: the pinball loss, which an honest interval minimises at its level. Levels lean to
// the upper side, because that is the side that protects.

/// The mean pinball loss over the last forecasts for one horizon.
struct LossWindow: Sendable {
    static let levels = [0.1, 0.5, 0.9, 0.95]
    /// Three days at a path every fifteen minutes.
    private static let capacity = 288

    private var ring: [Float] = []
    private var next = 0
    private var sum = 0.0

    var count: Int { ring.count }
    /// In the unit of the load; nil before the first.
    var mean: Double? { ring.isEmpty ? nil : max(0, sum) / Double(ring.count) }

    /// `quantiles` are the values at `levels`.
    mutating func add(seen: Double, quantiles: [Double]) {
        let loss = zip(Self.levels, quantiles).reduce(0) { $0 + Self.pinball(seen, level: $1.0, quantile: $1.1) }
        let value = Float(loss / Double(Self.levels.count))
        if ring.count < Self.capacity {
            ring.append(value)
        } else {
            sum -= Double(ring[next])
            ring[next] = value
            next = (next + 1) % Self.capacity
        }
        sum += Double(value)
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
