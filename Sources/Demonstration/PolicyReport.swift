// What one policy's replay gave: the figures of the table, and the series and decisions behind them.
import ClusterModel
import ControlPlane

package struct PolicyReport: Codable, Sendable {
    package var violationSeconds: Int
    package var p50Ms: Double
    package var p99Ms: Double
    package var statements: Int
    package var failedStatements: Int
    package var failures: [String]
    package var moves: Int
    package var movesHome: Int
    package var blockedMsMedian: Double?
    package var blockedMsMax: Double?
    /// Minutes of the trace that a move took to prepare; nil without moves.
    package var prepareMinutesMedian: Double?
    /// Rows checked: those that clients were told are written, and those that the servers were filled with.
    package var ledgerRows: Int
    /// Of these, the ones that clients were told of.
    package var ledgerRowsWritten: Int
    package var ledgerLost: Int
    package var ledgerDuplicated: Int
    /// Homes and leased contingent instances: hours of the trace, of an instance of a home's size.
    package var instanceHours: Double
    /// After the trace has ended and the cluster has settled.
    package var segmentsAwayAtEnd: Int
    /// Minutes of the trace from its end until all segments were home; 0 when they were home by then, nil when they
    /// were not home at last.
    package var homeMinutesAfterEnd: Double?
    package var seconds: [Second]
    package var decisions: [AuditView]

    /// One second of real time.
    package struct Second: Codable, Sendable {
        package var at: String
        package var visits: Int
        package var p50Ms: Double?
        package var p99Ms: Double?
        package var load: Double
        /// The median that was forecast for this time half an hour of cluster time before; nil where none was.
        package var predictedLoad: Double?
        package var contingentsLeased: Int
        package var loadByInstance: [String: Double]
    }
}

/// The whole demonstration.
package struct DemonstrationReport: Codable, Sendable {
    package struct Policies: Codable, Sendable {
        package var none: PolicyReport
        package var reactive: PolicyReport
        package var predictive: PolicyReport

        package var all: [(name: String, report: PolicyReport)] {
            [("none", none), ("reactive", reactive), ("predictive", predictive)]
        }
    }

    package var policies: Policies
    /// What was asked and did not hold; empty when the demonstration passed.
    package var shortfalls: [String]
    package var passed: Bool
    package var trace: String
    /// The replayed day, `YYYY-MM-DD` in UTC, and the days of history before its start.
    package var day: String
    package var historyDays: Double
    package var acceleration: Double
    package var rows: Int64
    package var secondsInAll: Double

    /// P-Store (SIGMOD'18) had 72 % fewer latency violations than a reactive system.
    static let violationsSavedMin = 0.72

    static func shortfalls(of policies: Policies, endsAfterThePeak: Bool) -> [String] {
        var found: [String] = []
        for (name, report) in policies.all {
            if report.failedStatements > 0 { found.append("\(name): \(report.failedStatements) statements failed") }
            if report.ledgerLost > 0 { found.append("\(name): \(report.ledgerLost) acknowledged rows are lost") }
            if report.ledgerDuplicated > 0 { found.append("\(name): \(report.ledgerDuplicated) rows are there twice") }
            if report.ledgerRowsWritten == 0 { found.append("\(name): no row was written") }
        }
        let (reactive, predictive) = (policies.reactive.violationSeconds, policies.predictive.violationSeconds)
        if reactive == 0 {
            found.append("reactive: no violations, so nothing could be saved")
        } else if Double(reactive - predictive) < violationsSavedMin * Double(reactive) {
            found.append("predictive: \(predictive) violation seconds, reactive \(reactive): fewer than 72 % saved")
        }
        if policies.predictive.moves == 0 { found.append("predictive: nothing was moved") }
        if endsAfterThePeak && policies.predictive.segmentsAwayAtEnd > 0 {
            found.append("predictive: \(policies.predictive.segmentsAwayAtEnd) segments were not taken home")
        }
        return found
    }
}
