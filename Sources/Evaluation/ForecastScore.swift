// How good the forecasts of one model were for one series at one horizon. Definitions:
//   WAPE      sum |y - f| / sum y, f the median
//   MASE      mean |y - f| / mean |y - y a day before|, over the same steps
//   pinball   mean of level (y - q) above q and (1 - level) (q - y) below, divided by the mean load
//   coverage  share of loads within the 5 % and the 95 % quantile; upper: share not above the 95 % quantile
//   width     mean of the 95 % quantile minus the 5 % one, divided by the mean load
// Missing loads are not judged.

import ClusterModel
import Forecasting

/// The score of one model.
package struct ForecastScore: Codable, Sendable, Equatable {
    package var count: Int
    package var wape: Double
    package var mase: Double?
    package var pinball: [String: Double]
    package var coverage90: Double
    package var coverageUpper95: Double
    package var width90: Double
    /// The least coverage of any day (UTC) with at least 24 judged loads; nil when there is none.
    package var coverage90WorstDay: Double?
    /// Coverage among the tenth of loads that were highest.
    package var coverage90TopDecile: Double?
}

/// One judged step.
struct JudgedStep {
    let at: Timestamp
    let seen: Double
    let dayBefore: Double?
    let curve: QuantileCurve
}

extension ForecastScore {
    static let pinballLevels = [0.1, 0.5, 0.9, 0.95, 0.99]
    private static let stepsOfADayMin = 24

    /// Nil when nothing can be judged.
    init?(_ steps: [JudgedStep]) {
        let total = steps.reduce(0) { $0 + $1.seen }
        guard total > 0 else { return nil }
        let number = Double(steps.count)
        count = steps.count
        wape = steps.reduce(0) { $0 + abs($1.seen - $1.curve.median) } / total
        let seasonal = steps.compactMap { step in
            step.dayBefore.map { (own: abs(step.seen - step.curve.median), naive: abs(step.seen - $0)) }
        }
        let naive = seasonal.reduce(0) { $0 + $1.naive }
        mase = naive > 0 ? seasonal.reduce(0) { $0 + $1.own } / naive : nil
        pinball = Dictionary(
            uniqueKeysWithValues: Self.pinballLevels.map { level in
                let loss = steps.reduce(0) { $0 + Self.pinball($1.seen, level, $1.curve.value(at: level)) }
                return ("\(level)", loss / total)
            })
        coverage90 = Self.coverage(steps)
        coverageUpper95 = Double(steps.count { $0.seen <= $0.curve.value(at: 0.95) }) / number
        width90 = steps.reduce(0) { $0 + $1.curve.value(at: 0.95) - $1.curve.value(at: 0.05) } / total
        let days = Dictionary(grouping: steps) { $0.at.floored(to: .seconds(86_400)) }
        coverage90WorstDay = days.values.filter { $0.count >= Self.stepsOfADayMin }.map(Self.coverage).min()
        let top = steps.sorted { $0.seen > $1.seen }.prefix(steps.count / 10)
        coverage90TopDecile = top.isEmpty ? nil : Self.coverage(Array(top))
    }

    private static func coverage(_ steps: [JudgedStep]) -> Double {
        Double(steps.count { $0.curve.value(at: 0.05) <= $0.seen && $0.seen <= $0.curve.value(at: 0.95) })
            / Double(steps.count)
    }

    private static func pinball(_ seen: Double, _ level: Double, _ quantile: Double) -> Double {
        seen >= quantile ? level * (seen - quantile) : (1 - level) * (quantile - seen)
    }

    /// The median of each figure by itself; nil of nothing.
    init?(medianOf scores: [ForecastScore]) {
        guard let wape = Self.median(scores.map(\.wape)) else { return nil }
        func median(_ figure: (ForecastScore) -> Double) -> Double { Self.median(scores.map(figure)) ?? .nan }
        count = scores.reduce(0) { $0 + $1.count }
        self.wape = wape
        mase = Self.median(scores.compactMap(\.mase))
        pinball = Dictionary(
            uniqueKeysWithValues: Self.pinballLevels.map { level in
                ("\(level)", median { $0.pinball["\(level)"] ?? .nan })
            })
        coverage90 = median(\.coverage90)
        coverageUpper95 = median(\.coverageUpper95)
        width90 = median(\.width90)
        coverage90WorstDay = Self.median(scores.compactMap(\.coverage90WorstDay))
        coverage90TopDecile = Self.median(scores.compactMap(\.coverage90TopDecile))
    }

    private static func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
