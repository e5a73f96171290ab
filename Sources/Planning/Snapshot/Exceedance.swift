/// The probability that a load is above `threshold`, from `count` quantiles in ascending order: linear between them,
/// exponential beyond the outer ones, a step where there is only one or the outer two are equal. No load is negative.
///
/// `Forecasting.QuantileCurve` reads its quantiles in the same way; one table of numbers tests both.
func exceedance(of threshold: Double, count: Int, quantile: (Int) -> (level: Double, value: Double)) -> Double {
    guard threshold >= 0 else { return 1 }
    let last = quantile(count - 1)
    if threshold >= last.value {
        guard count > 1, last.level < 1 else { return 0 }
        let before = quantile(count - 2)
        guard last.value > before.value else { return 0 }
        let scale = (last.value - before.value) / Logarithm.natural((1 - before.level) / (1 - last.level))
        return (1 - last.level) * Logarithm.exponential(-(threshold - last.value) / scale)
    }
    var (low, high) = (-1, count - 1)
    while high - low > 1 {
        let middle = (low + high) / 2
        if quantile(middle).value > threshold { high = middle } else { low = middle }
    }
    let above = quantile(high)
    if low >= 0 {
        let below = quantile(low)
        return 1 - (below.level + (above.level - below.level) * (threshold - below.value) / (above.value - below.value))
    }
    guard count > 1, above.level > 0 else { return 1 }
    let next = quantile(1)
    guard next.value > above.value else { return 1 }
    let scale = (next.value - above.value) / Logarithm.natural(next.level / above.level)
    return 1 - above.level * Logarithm.exponential(-(above.value - threshold) / scale)
}
