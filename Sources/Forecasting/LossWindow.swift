// What a model's recent intervals would have cost: the pinball loss, which an honest interval minimises at its level.
// Levels lean to the upper side, because that is the side that protects.

/// The mean pinball loss over the last forecasts of one model for one subject.
struct LossWindow: Sendable {
    static let levels = [0.1, 0.5, 0.9, 0.95]
    /// Three horizons of three days at a path every fifteen minutes.
    private static let capacity = 864

    private var ring: [Float] = []
    private var next = 0
    private var sum = 0.0

    var count: Int { ring.count }
    /// In the unit of the load; nil before the first.
    var mean: Double? { ring.isEmpty ? nil : max(0, sum) / Double(ring.count) }

    /// A quarter of the horizon, a half, and all of it.
    static func judgedHorizons(_ horizon: Int) -> [Int] {
        Array(Set([max(1, horizon / 4), max(1, horizon / 2), horizon])).sorted()
    }

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
