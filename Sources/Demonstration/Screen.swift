// What the demonstration shows while it runs, and the table at its end. On a terminal the progress is one line that
// changes; elsewhere a line every five seconds.
import ClusterModel
import Foundation
import Synchronization

package final class Screen: Sendable {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let lastLine = Mutex(-10.0)

    package init() {}

    func say(_ text: String) {
        FileHandle.standardOutput.write(Data((isTerminal ? "\r\u{1B}[K" : "").utf8))
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    func progress(_ policy: String, _ stage: Stage, _ sample: ReplayRecorder.Sample) {
        let isDue = lastLine.withLock { last in
            guard isTerminal || sample.second < last || sample.second - last >= 5 else { return false }
            last = sample.second
            return true
        }
        guard isDue else { return }
        let bars = sample.loadByInstance.sorted { $0.key > $1.key }
            .map { "\($0.key) \(bar($0.value, of: capacity($0.key, stage)))" }.joined(separator: "  ")
        let moves = sample.movesUnderWay > 0 ? "  \(sample.movesUnderWay) moving" : ""
        let waiting = sample.statementsWaiting > 0 ? "  \(sample.statementsWaiting) waiting" : ""
        let clock = String(sample.at.description.dropFirst(11).prefix(5))
        let line = "  \(policy.padded(10)) \(clock)  \(bars)\(moves)\(waiting)"
        FileHandle.standardOutput.write(Data((isTerminal ? "\r\u{1B}[K\(line)" : line + "\n").utf8))
    }

    private func capacity(_ instance: String, _ stage: Stage) -> Int {
        instance.hasPrefix("home") ? stage.homeConnections : stage.contingentConnections
    }

    private func bar(_ load: Double, of capacity: Int) -> String {
        let filled = max(0, min(capacity * 2, Int((load * 2).rounded())))
        return String(repeating: "#", count: filled) + String(repeating: ".", count: capacity * 2 - filled)
    }

    /// A column for each replay.
    func table(_ columns: [(name: String, report: PolicyReport)]) {
        let rows: [(String, (PolicyReport) -> String)] = [
            ("seconds with p99 over the objective", { "\($0.violationSeconds)" }),
            ("p50 ms", { decimal($0.p50Ms) }), ("p99 ms", { decimal($0.p99Ms) }),
            ("statements", { "\($0.statements)" }), ("failed statements", { "\($0.failedStatements)" }),
            ("moves (of these, home)", { "\($0.moves) (\($0.movesHome))" }),
            ("trace minutes to prepare a move, median", { $0.prepareMinutesMedian.map(decimal) ?? "-" }),
            ("blocked ms per cut-over, median", { $0.blockedMsMedian.map(decimal) ?? "-" }),
            ("blocked ms per cut-over, max", { $0.blockedMsMax.map(decimal) ?? "-" }),
            ("rows checked by the ledger", { "\($0.ledgerRows)" }), ("rows lost", { "\($0.ledgerLost)" }),
            ("rows duplicated", { "\($0.ledgerDuplicated)" }),
            ("instance-hours of the trace, home-sized", { decimal($0.instanceHours) }),
        ]
        let width = 2 + (rows.map(\.0.count).max() ?? 0)
        say("")
        say(String(repeating: " ", count: width) + columns.map { $0.name.leftPadded(13) }.joined())
        for (label, value) in rows {
            say(label.padded(width) + columns.map { value($0.report).leftPadded(13) }.joined())
        }
        say("")
        for (name, policy) in columns {
            guard let minutes = policy.homeMinutesAfterEnd, minutes > 0 else { continue }
            say("\(name): the last segment was home \(decimal(minutes)) minutes of the trace after the trace's end")
        }
    }
}

extension SimulatedReplay.Figures {
    func line(named name: String) -> String {
        name.padded(10) + "\(violationSeconds)".leftPadded(20) + "\(moves)".leftPadded(8)
            + "\(movesHome)".leftPadded(16) + decimal(instanceHours).leftPadded(29)
    }
}

/// One decimal.
func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    fileprivate func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
