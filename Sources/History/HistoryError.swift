import ClusterModel

/// Why the history refused something. Errors of the database itself come through as GRDB's.
package struct HistoryError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case stepNotKept, offTheGrid, corruptLatency, corruptBlock, lineage
    }

    package let code: Code
    package let description: String

    static func stepNotKept(_ step: Duration) -> HistoryError {
        let kept = HistoryResolution.allCases.map { "\($0.step)" }.joined(separator: ", ")
        return HistoryError(
            code: .stepNotKept,
            description: "usage in steps of \(step) is not kept: use one of \(kept)"
        )
    }

    static func offTheGrid(_ start: Timestamp, _ step: Duration) -> HistoryError {
        HistoryError(code: .offTheGrid, description: "\(start) is not the start of a step of \(step): floor it first")
    }

    static func corruptLatency(bytes: Int) -> HistoryError {
        HistoryError(
            code: .corruptLatency,
            description: "a stored latency histogram of \(bytes) bytes cannot be read: \(damaged)"
        )
    }

    static func corruptBlock(bytes: Int) -> HistoryError {
        HistoryError(
            code: .corruptBlock,
            description: "a stored block of \(bytes) bytes of usage cannot be read: \(damaged)"
        )
    }

    static func lineage(_ reason: String) -> HistoryError {
        HistoryError(code: .lineage, description: "the history refuses this split or merge: " + reason)
    }

    private static let damaged =
        "the history file is damaged, or of a newer version. Restore it from a backup, or move it away to start anew"
}
