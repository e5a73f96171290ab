// The columns of Prophet's regression. First those with a normal prior: offset, slope, seasons, events, regressors.
// Then one ramp per changepoint, which is zero up to it and rises by 1 per history length after it; these have the
// Laplace prior. A column means the same at every step, past or future, so a forecast is one product.

import ClusterModel

#if canImport(Glibc)
    import Glibc
#endif

/// Which column means what, and its values at any steps.
struct ProphetDesign: Sendable {
    private let grid: StepGrid
    private let first: Int
    private let last: Int
    private let hasSlope: Bool
    private let seasonalities: [Prophet.Seasonality]
    private let kinds: [String: Int]
    private let knots: Int
    private let regressors: [StandardisedSeries]
    /// In units of the history's length, ascending.
    let changepoints: [Double]
    /// Standard deviations of the normal priors, one per column before the ramps.
    let priorScales: [Double]

    /// The standard deviation of the prior of offset and slope.
    private static let trendPriorScale = 5.0

    var smoothCount: Int { priorScales.count }
    var count: Int { smoothCount + changepoints.count }
    /// One step in units of the history's length.
    var stepWidth: Double { 1 / Double(max(1, last - first)) }

    /// `steps` are those that teach, ascending and not empty.
    init(_ model: Prophet, _ history: SubjectHistory, steps: [Int]) {
        let first = steps[0]
        let last = steps[steps.count - 1]
        let day = Double(history.grid.stepsPerDay)
        let seasonalities = model.seasonalities.filter {
            Double(last + 1 - first) >= 2 * $0.periodDays * day && $0.periodDays * day > 1
        }
        let seen = model.usesEvents ? history.events.filter { $0.reach.overlaps(first..<last + 1) } : []
        let kinds = EventEffects.mostFrequentKinds(of: seen, atMost: model.eventKindsMax)
        let knots = EventProfile().freeKnots
        grid = history.grid
        self.first = first
        self.last = last
        self.seasonalities = seasonalities
        self.kinds = Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1, $0) })
        self.knots = knots
        hasSlope = model.growth == .linear
        regressors = model.regressors.map { StandardisedSeries($0.series, over: steps, grid: history.grid) }
        changepoints = hasSlope ? Self.changepoints(model, steps) : []
        priorScales =
            Array(repeating: Self.trendPriorScale, count: hasSlope ? 2 : 1)
            + Array(repeating: model.seasonalityPriorScale, count: seasonalities.reduce(0) { $0 + 2 * $1.order })
            + Array(repeating: model.eventPriorScale, count: kinds.count * knots)
            + model.regressors.map(\.priorScale)
    }

    /// As the Python package: uniform over the first measured steps by their number, not their time; none at the first.
    private static func changepoints(_ model: Prophet, _ steps: [Int]) -> [Double] {
        let span = Int(Double(steps.count) * min(max(model.changepointRange, 0), 1))
        let count = min(model.changepoints, span - 1)
        guard count > 0, let first = steps.first, let last = steps.last else { return [] }
        return (1...count).map { number in
            let index = Double(number) * Double(span - 1) / Double(count)
            return Double(steps[Int(index.rounded(.toNearestOrEven))] - first) / Double(last - first)
        }
    }

    /// Column-major, one row per step; `steps` ascending.
    func matrix(_ steps: [Int], events: [EventWindow]) -> [Double] {
        var matrix = [Double](repeating: 0, count: steps.count * count)
        matrix.withUnsafeMutableBufferPointer { cells in
            var column = writeTrend(steps, into: cells)
            for seasonality in seasonalities { column = write(seasonality, steps, into: cells, from: column) }
            write(events, steps, into: cells, from: column)
            column += kinds.count * knots
            for regressor in regressors {
                for (row, step) in steps.enumerated() {
                    cells[column * steps.count + row] = regressor.value(at: grid.start(of: step))
                }
                column += 1
            }
        }
        return matrix
    }

    private func writeTrend(_ steps: [Int], into cells: UnsafeMutableBufferPointer<Double>) -> Int {
        let rows = steps.count
        for (row, step) in steps.enumerated() {
            let time = Double(step - first) * stepWidth
            cells[row] = 1
            if hasSlope { cells[rows + row] = time }
            for (index, changepoint) in changepoints.enumerated() where time > changepoint {
                cells[(smoothCount + index) * rows + row] = time - changepoint
            }
        }
        return hasSlope ? 2 : 1
    }

    /// sin and cos of multiples by the angle-sum rule: one pair of calls per row, not per column.
    private func write(
        _ seasonality: Prophet.Seasonality,
        _ steps: [Int],
        into cells: UnsafeMutableBufferPointer<Double>,
        from column: Int
    ) -> Int {
        let rows = steps.count
        for (row, step) in steps.enumerated() {
            let day = Double(grid.day(step)) + grid.timeOfDay(step)
            let angle = 2 * Double.pi * (day / seasonality.periodDays).truncatingRemainder(dividingBy: 1)
            let (sine, cosine) = (sin(angle), cos(angle))
            var (s, c) = (sine, cosine)
            for order in 0..<seasonality.order {
                cells[(column + 2 * order) * rows + row] = s
                cells[(column + 2 * order + 1) * rows + row] = c
                (s, c) = (s * cosine + c * sine, c * cosine - s * sine)
            }
        }
        return column + 2 * seasonality.order
    }

    private func write(
        _ events: [EventWindow],
        _ steps: [Int],
        into cells: UnsafeMutableBufferPointer<Double>,
        from column: Int
    ) {
        for event in events {
            guard let kind = kinds[event.kind] else { continue }
            for row in steps.rows(in: event.reach) {
                guard let position = event.position(at: steps[row], grid: grid) else { continue }
                for (knot, weight) in position.weights {
                    cells[(column + kind * knots + knot) * steps.count + row] += weight
                }
            }
        }
    }
}

extension [Int] {
    /// The indices of the elements, which ascend, that lie in `range`.
    fileprivate func rows(in range: Range<Int>) -> Range<Int> {
        func index(of bound: Int) -> Int {
            var (low, high) = (0, count)
            while low < high {
                let middle = (low + high) / 2
                if self[middle] < bound { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return index(of: range.lowerBound)..<index(of: range.upperBound)
    }
}
