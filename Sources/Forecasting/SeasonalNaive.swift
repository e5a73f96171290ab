// The floor that every other model must beat: the load is what it was one season ago, or what it was just now.

/// "As now", "as yesterday" or "as last week".
package struct SeasonalNaive: ForecastModel {
    package enum Season: Sendable { case none, day, week }

    package let season: Season

    package init(_ season: Season) { self.season = season }

    package var name: String {
        switch season {
        case .none: "last"
        case .day: "day"
        case .week: "week"
        }
    }

    package var requirements: ModelRequirements {
        switch season {
        case .none: ModelRequirements(historyDaysMin: 0, measuredStepsMin: 1)
        case .day: ModelRequirements(historyDaysMin: 1, measuredStepsMin: 2)
        case .week: ModelRequirements(historyDaysMin: 7, measuredStepsMin: 2)
        }
    }

    package func fit(
        _ history: SubjectHistory,
        through end: Int,
        horizon: Int
    ) throws(FitRefusal) -> any ModelFit {
        try requirements.check(history, through: end)
        let day = history.grid.stepsPerDay
        return Fit(period: season == .none ? nil : season == .day ? day : 7 * day, horizon: horizon)
    }

    private struct Fit: ModelFit {
        /// Seasons that are searched for a measured value when the newest is missing.
        private static let seasonsBackMax = 4
        let period: Int?
        let horizon: Int

        func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
            origins.map { origin in
                guard let period else {
                    let last = history.lastMeasured(notAfter: origin).map { max(0, history.load($0)) }
                    return Array(repeating: last ?? .nan, count: horizon)
                }
                return (1...horizon).map { Self.seasonsAgo(history, origin: origin, step: origin + $0, period: period) }
            }
        }

        private static func seasonsAgo(_ history: SubjectHistory, origin: Int, step: Int, period: Int) -> Double {
            let newest = (step - origin + period - 1) / period
            for seasons in newest..<newest + seasonsBackMax {
                let load = history.load(step - seasons * period)
                if !load.isNaN { return max(0, load) }
            }
            return .nan
        }
    }
}
