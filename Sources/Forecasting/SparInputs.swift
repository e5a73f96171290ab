// What SPAR reads, prepared once for a stretch of origins: the load in the models' scale without the effects of events,
// gaps filled from earlier days, and how far recent steps lie off their periodic mean.
//
// Few origins read only the same few hours on some days, so only those windows are prepared; the windows of many
// origins run together. Invariant: nothing here at a step depends on a measurement after that step.

/// The cleaned load of one subject around some origins and on the days before them.
struct SparInputs {
    /// Days back that any column reads: a week, because comparable days lie at most that far apart.
    static let daysBack = 7

    private let start: Int
    private let grid: StepGrid
    private let lagSteps: [Int]
    private var effects: [Double]
    /// Scaled load without effects; gaps are filled.
    private var cleaned: [Double]
    /// Running sums of the offsets of measured steps, and of how many there are, over the steps before the origins.
    private var offsetSums: [Double]
    private var measuredSums: [Double]
    private let isWeekendByDay: [Bool]
    private let firstDay: Int
    private let comparableLagsByDay: [[Int]]

    /// Covers what forecasts from `origins` read. `spans` is the most steps before an origin whose offsets are wanted.
    init(
        _ history: SubjectHistory,
        effects learned: EventEffects,
        origins: ClosedRange<Int>,
        horizon: Int,
        lagSteps: [Int],
        longestSpan: Int
    ) {
        let day = history.grid.stepsPerDay
        let end = origins.upperBound + horizon + 1
        let recent = origins.lowerBound - longestSpan..<end
        start = recent.lowerBound - Self.daysBack * day
        grid = history.grid
        self.lagSteps = lagSteps
        effects = Array(repeating: 0, count: end - start)
        cleaned = effects
        offsetSums = Array(repeating: 0, count: effects.count + 1)
        measuredSums = offsetSums
        let firstDay = history.grid.day(start)
        let days = firstDay...history.grid.day(end)
        self.firstDay = firstDay
        isWeekendByDay = days.map { StepGrid.isWeekend(day: $0) }
        comparableLagsByDay = days.map { Self.comparableDays(before: $0).map { $0 * day } }
        for window in Self.windows(recent, day: day) { prepare(window, history, learned) }
        sumOffsets(recent.lowerBound...origins.upperBound, history)
    }

    /// The recent steps on the last days, run together where they meet.
    private static func windows(_ recent: Range<Int>, day: Int) -> [Range<Int>] {
        guard recent.count < day else { return [recent.lowerBound - daysBack * day..<recent.upperBound] }
        return (0...daysBack).reversed().map { recent.lowerBound - $0 * day..<recent.upperBound - $0 * day }
    }

    private mutating func prepare(_ window: Range<Int>, _ history: SubjectHistory, _ learned: EventEffects) {
        let sums = learned.values(over: window, events: history.events, grid: grid)
        for (step, effect) in zip(window, sums) { effects[step - start] = effect }
        var newest = history.scale.scaled(0)
        for step in window {
            let load = history.load(step)
            if load.isNaN {
                cleaned[step - start] = filled(step, history) ?? newest
            } else {
                newest = history.scale.scaled(load) - effects[step - start]
                cleaned[step - start] = newest
            }
        }
    }

    /// For a gap, the newest measured load at that time of day, where a week has one.
    private func filled(_ step: Int, _ history: SubjectHistory) -> Double? {
        let day = grid.stepsPerDay
        for back in 1...Self.daysBack {
            let earlier = step - back * day
            let load = history.load(earlier)
            if !load.isNaN { return history.scale.scaled(load) - (earlier >= start ? effects[earlier - start] : 0) }
        }
        return nil
    }

    private mutating func sumOffsets(_ steps: ClosedRange<Int>, _ history: SubjectHistory) {
        for step in steps {
            let index = step - start
            let isMeasured = !history.load(step).isNaN && step - longestLag >= history.steps.lowerBound
            let offset = isMeasured ? cleaned[index] - periodicMean(index) : 0
            offsetSums[index + 1] = offsetSums[index] + offset
            measuredSums[index + 1] = measuredSums[index] + (isMeasured ? 1 : 0)
        }
    }

    private var longestLag: Int { lagSteps.max() ?? 0 }

    private func periodicMean(_ index: Int) -> Double {
        var sum = 0.0
        for lag in lagSteps { sum += cleaned[index - lag] }
        return sum / Double(lagSteps.count)
    }
}

extension SparInputs {
    func value(_ step: Int) -> Double { cleaned[step - start] }
    func effect(_ step: Int) -> Double { effects[step - start] }
    func isWeekend(_ step: Int) -> Double { isWeekendByDay[grid.day(step) - firstDay] ? 1 : 0 }

    /// The value at the same time on a comparable day: the nearest one for `back` 0, the one before it for 1.
    func comparableValue(_ step: Int, back: Int) -> Double {
        value(step - comparableLagsByDay[grid.day(step) - firstDay][back])
    }

    /// The mean offset of the measured steps among the last `span` up to `origin`; nil when there are none.
    func meanOffset(_ origin: Int, span: Int) -> Double? {
        let upper = origin + 1 - start
        let measured = measuredSums[upper] - measuredSums[upper - span]
        return measured > 0 ? (offsetSums[upper] - offsetSums[upper - span]) / measured : nil
    }

    /// How many days back the two nearest days of the same kind lie.
    static func comparableDays(before day: Int) -> [Int] {
        let isWeekend = StepGrid.isWeekend(day: day)
        return Array((1...daysBack).filter { StepGrid.isWeekend(day: day - $0) == isWeekend }.prefix(2))
    }
}
