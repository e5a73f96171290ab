import ClusterModel

/// The steps in which usage is kept. Each divides the next, so that a coarser row is the sum of whole finer ones.
package enum HistoryResolution: Int, CaseIterable, Sendable {
    case tenSeconds = 10
    case minute = 60
    case fiveMinutes = 300
    case hour = 3600

    package init(step: Duration) throws(HistoryError) {
        guard let found = Self.allCases.first(where: { $0.step == step }) else { throw .stepNotKept(step) }
        self = found
    }

    package var step: Duration { .seconds(rawValue) }

    /// The resolution that this one is rolled up into; nil for the coarsest.
    var coarser: HistoryResolution? {
        switch self {
        case .tenSeconds: .minute
        case .minute: .fiveMinutes
        case .fiveMinutes: .hour
        case .hour: nil
        }
    }

    /// What a start must be a multiple of so that no window that this resolution is summed into is cut in two.
    var windowStep: Duration { (coarser ?? self).step }

    /// The steps of one segment that share a chunk; nil where steps stay as they came, because they are gone so soon.
    var stepsInChunk: Int? {
        switch self {
        case .tenSeconds: nil
        case .minute: 360
        case .fiveMinutes: 288
        case .hour: 336
        }
    }

    /// Whether latencies are kept when steps are packed. They are most of a row, and of days and months only the loads
    /// are asked for.
    var keepsLatencies: Bool { step < .seconds(300) }

    /// The time that a chunk spans: six hours, a day, a fortnight.
    var chunkSpan: Duration? { stepsInChunk.map { step * $0 } }
}

extension HistoryResolution {
    /// The whole steps from one time to another, which may be before it.
    func steps(from: Timestamp, to: Timestamp) -> Int {
        Int((to.milliseconds - from.milliseconds) / step.wholeMilliseconds)
    }
}
