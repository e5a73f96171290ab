@testable import Demonstration

extension PolicyReport {
    /// A replay in which everything went well.
    static func sample(violationSeconds: Int, moves: Int = 0, segmentsAwayAtEnd: Int = 0) -> PolicyReport {
        PolicyReport(
            violationSeconds: violationSeconds, p50Ms: 55, p99Ms: 400, statements: 1000, failedStatements: 0,
            failures: [], moves: moves, movesHome: 0, blockedMsMedian: nil, blockedMsMax: nil,
            prepareMinutesMedian: nil, ledgerRows: 520_100, ledgerRowsWritten: 100, ledgerLost: 0,
            ledgerDuplicated: 0, instanceHours: 21.5, segmentsAwayAtEnd: segmentsAwayAtEnd, homeMinutesAfterEnd: 0,
            seconds: [], decisions: [])
    }
}

extension DemonstrationReport.Policies {
    /// Three replays of a demonstration that passes.
    static var passing: DemonstrationReport.Policies {
        DemonstrationReport.Policies(
            none: .sample(violationSeconds: 50), reactive: .sample(violationSeconds: 25, moves: 6),
            predictive: .sample(violationSeconds: 7, moves: 6))
    }
}
