/// The quantile levels at which planning adds loads up: a fixed grid and the two levels that decisions use.
/// Invariant: ascending, with 0.5, the planning and the return quantile among them.
struct LevelGrid: Equatable {
    let levels: [Double]
    let median: Int
    let planning: Int
    let returning: Int

    init(configuration: PlanningConfiguration) {
        let base: Set<Double> = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
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
