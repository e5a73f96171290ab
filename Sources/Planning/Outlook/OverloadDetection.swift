import ClusterModel

/// Where an aggregate first exceeds a threshold with some probability.
struct ThresholdCrossing: Equatable {
    let step: Int
    let probability: Double
    /// The highest probability over the steps that were looked at.
    let highestProbability: Double
}

extension LoadAggregate {
    /// The first of `steps` in which `threshold` is exceeded with at least the probability `confidence`.
    func crossing(of threshold: Double, confidence: Double, in steps: Range<Int>) -> ThresholdCrossing? {
        var first: (step: Int, probability: Double)?
        var highest = 0.0
        for step in steps {
            let probability = probability(exceeding: threshold, at: step)
            highest = max(highest, probability)
            if first == nil, probability >= confidence { first = (step, probability) }
        }
        return first.map {
            ThresholdCrossing(step: $0.step, probability: $0.probability, highestProbability: highest)
        }
    }

    func highestProbability(exceeding threshold: Double, in steps: Range<Int>) -> Double {
        steps.reduce(0) { max($0, probability(exceeding: threshold, at: $1)) }
    }

    func probability(exceeding threshold: Double, at step: Int) -> Double {
        exceedance(of: threshold, count: grid.count) { (grid.levels[$0], quantile($0, at: step)) }
    }

    /// Load-hours over the threshold at the planning quantile, weighted with the probability of any.
    func expectedOverload(over threshold: Double, horizon: Horizon) -> Double {
        horizon.indices.reduce(0) { total, step in
            let excess = quantile(grid.planning, at: step) - threshold
            guard excess > 0 else { return total }
            return total + excess * horizon.hours(of: step) * probability(exceeding: threshold, at: step)
        }
    }
}
