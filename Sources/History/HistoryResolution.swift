import ClusterModel

/// The steps in which usage is kept. Each divides the next, so that a coarser row is the sum of whole finer ones.
package enum HistoryResolution: Int, CaseIterable, Sendable {
    case tenSeconds = 10
    case minute = 60
    case fiveMinutes = 300

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
        case .fiveMinutes: nil
        }
    }

    /// What a start must be a multiple of so that no window of any resolution is cut in two.
    static var coarsestStep: Duration { fiveMinutes.step }
}
