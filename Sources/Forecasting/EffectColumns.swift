// The columns of the regression behind `EventEffects`: a level that runs in straight lines from midnight to midnight,
// the time of day as straight lines between hours, its weekend difference, and the knots of each kind of event.

#if canImport(Glibc)
    import Glibc
#endif

/// Which column of the regression means what.
struct EffectColumns {
    private static let hours = 24
    private static let levelRidge = 0.1
    private static let weekendSeasonRidge = 3.0

    let first: Int
    let end: Int
    private let kinds: [String: Int]
    private let knots: Int
    private let days: Int
    private let grid: StepGrid

    init(kinds: [String], knots: Int, first: Int, end: Int, grid: StepGrid) {
        self.kinds = Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1, $0) })
        self.knots = knots
        self.first = first
        self.end = end
        self.grid = grid
        days = (end - first) / grid.stepsPerDay + 1
    }

    private var seasonStart: Int { days + 1 }
    private var eventStart: Int { seasonStart + 2 * Self.hours }
    var count: Int { eventStart + kinds.count * 2 * knots }

    func common(_ kind: String) -> Range<Int> {
        let start = eventStart + (kinds[kind] ?? 0) * 2 * knots
        return start..<start + knots
    }

    func weekend(_ kind: String) -> Range<Int> {
        let start = common(kind).upperBound
        return start..<start + knots
    }

    func seasonalRow(_ step: Int) -> [(column: Int, value: Double)] {
        let day = Double(step - first) / Double(grid.stepsPerDay)
        let hour = grid.timeOfDay(step) * Double(Self.hours)
        let low = Int(day)
        let early = Int(hour) % Self.hours
        let late = (early + 1) % Self.hours
        var row = [
            (low, 1 - day + Double(low)), (low + 1, day - Double(low)),
            (seasonStart + early, 1 - hour + Double(Int(hour))), (seasonStart + late, hour - Double(Int(hour))),
        ]
        if grid.isWeekend(step) { row += row[2...3].map { ($0.0 + Self.hours, $0.1) } }
        return row.map { (column: $0.0, value: $0.1) }
    }

    func eventRow(_ event: EventWindow, at step: Int) -> [(column: Int, value: Double)] {
        guard kinds[event.kind] != nil, let position = event.position(at: step, grid: grid) else { return [] }
        return position.weights.flatMap { knot, weight in
            let shared = (column: common(event.kind).lowerBound + knot, value: weight)
            return event.isWeekend
                ? [shared, (column: weekend(event.kind).lowerBound + knot, value: weight)] : [shared]
        }
    }

    func ridge(_ settings: EventEffects.Settings) -> [Double] {
        var ridge = Array(repeating: Self.levelRidge, count: seasonStart + Self.hours)
        ridge += Array(repeating: Self.weekendSeasonRidge, count: Self.hours)
        for _ in kinds {
            ridge += Array(repeating: settings.ridge, count: knots)
            ridge += Array(repeating: settings.weekendRidge, count: knots)
        }
        return ridge
    }
}

/// How much something `age` old still counts, when `halfLife` old counts half.
func exponentialDecay(_ age: Double, halfLife: Double) -> Double { exp2(-age / halfLife) }
