import ClusterModel

/// What one segment is expected to need: at each step its median, and how far each level of the grid lies from it.
struct SegmentOutlook: Equatable {
    /// One for each step.
    var medians: [Double]
    /// `steps x levels`, step by step: quantile minus median, so negative below the median.
    var spreads: [Double]

    /// The same load at every step, known exactly.
    init(flat load: Double, steps: Int, levels: Int) {
        medians = Array(repeating: load, count: steps)
        spreads = Array(repeating: 0, count: steps * levels)
    }

    /// A forecast shorter than the horizon goes on with its last step.
    init(_ forecast: ArraySlice<LoadDistribution>, steps: Int, grid: LevelGrid) {
        self.init(flat: 0, steps: steps, levels: grid.count)
        guard let last = forecast.last else { return }
        for step in 0..<steps {
            let index = forecast.startIndex + step
            let distribution = index < forecast.endIndex ? forecast[index] : last
            let values = distribution.values(at: grid.levels)
            let median = values[grid.median]
            medians[step] = median
            for level in values.indices { spreads[step * grid.count + level] = values[level] - median }
        }
    }

    /// The segment needs at least `load` in these steps.
    mutating func lift(to load: Double, in steps: Range<Int>) {
        for step in steps { medians[step] = max(medians[step], load) }
    }
}
