/// The quantile levels at which planning adds loads up: those that forecasts give, so that reading between them changes
/// nothing that a forecast said, and the two that decisions use.
/// Invariant: ascending, with 0.5, the planning and the return quantile among them.
struct LevelGrid: Equatable {
    let levels: [Double]
    let median: Int
    let planning: Int
    let returning: Int

    init(configuration: PlanningConfiguration) {
        let base: Set<Double> = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
        let levels = base.union([configuration.planningQuantile, configuration.returnQuantile]).sorted()
        self.levels = levels
        median = Self.index(of: 0.5, in: levels)
        planning = Self.index(of: configuration.planningQuantile, in: levels)
        returning = Self.index(of: configuration.returnQuantile, in: levels)
    }

    var count: Int { levels.count }

    private static func index(of level: Double, in levels: [Double]) -> Int {
        guard let index = levels.firstIndex(of: level) else {
            preconditionFailure("level \(level) is not in the grid \(levels)")
        }
        return index
    }
}
