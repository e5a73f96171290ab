// What the history costs, against plain rows in the same run: room on disk, appending what the meter brings, and
// reading four weeks at a start. Two sizes show whether it is linear; from them follows what 10,000 segments cost for a
// year. What an append of 10,000 costs is measured.
//
//   HistoryBenchmark [SEGMENTS] [DAYS]      100 and 28 if not given; SEGMENTS and half as many

import ClusterModel
import Foundation
import History

let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
guard arguments.allSatisfy({ $0 > 0 }), (arguments.first ?? 2) > 1, arguments.count <= 2 else {
    FileHandle.standardError.write(Data("usage: HistoryBenchmark [SEGMENTS] [DAYS]\n".utf8))
    exit(2)
}
let segments = arguments.first ?? 100
let days = arguments.dropFirst().first ?? 28
/// Rounds of ten seconds: seven hours, because six hours of minutes are packed when they are over; and a quarter of an
/// hour of 10,000 segments.
let rounds = 7 * 360
let roundsOfMany = 90

func line(_ name: String, _ history: Double, _ rows: Double, _ unit: String) {
    let numbers = [history, rows].map { String(format: "%12.3f", $0) }.joined()
    let ratio = String(format: "%9.1f", rows / history)
    print("  \(name.padding(toLength: 46, withPad: " ", startingAt: 0))\(numbers)\(ratio)  \(unit)")
}

func reportRounds(_ run: HistoryRun) {
    let ten = run.tenSecondRounds
    line(
        "append of ten seconds, mean, with roll-ups", HistoryRun.Times.mean(ten.history) * 1e3,
        HistoryRun.Times.mean(ten.rows) * 1e3, "ms (rows: none)")
    line("... median", HistoryRun.Times.median(ten.history) * 1e3, HistoryRun.Times.median(ten.rows) * 1e3, "ms")
    line("... slowest", (ten.history.max() ?? 0) * 1e3, (ten.rows.max() ?? 0) * 1e3, "ms")
}

func report(_ run: HistoryRun) {
    let segmentDays = Double(run.segments * run.days)
    let five = run.fiveMinuteRounds
    print("\(run.segments) segments, \(run.days) days: \(run.values) values; ratio = rows / history")
    print("                                                     history        rows    ratio")
    line(
        "bytes of a segment's day of five minutes", run.bytes.history / segmentDays, run.bytes.rows / segmentDays,
        "bytes")
    line(
        "reading \(run.days) days of all, median of five", HistoryRun.Times.median(run.reading.history),
        HistoryRun.Times.median(run.reading.rows), "s")
    line(
        "append of five minutes, mean", HistoryRun.Times.mean(five.history) * 1e3,
        HistoryRun.Times.mean(five.rows) * 1e3, "ms")
    reportRounds(run)
    let steps = run.bytesOfStep.sorted { $0.key < $1.key }.map { "\($0.key) s: \(String(format: "%.1f", $0.value))" }
    print("  bytes of a segment's step in the history's file: \(steps.joined(separator: ", "))\n")
}

/// Gigabytes after a year: what is kept, and a day more of it, because pruning comes once a day.
func gigabytesOfAYear(_ run: HistoryRun, segments: Double) -> [(step: Int, days: Double, gigabytes: Double)] {
    let kept = HistoryStore.Retention()
    let spans = [(10, kept.tenSeconds), (60, kept.minute), (300, kept.fiveMinutes), (3600, kept.hour)]
    return spans.map { step, span in
        let days = min(span.inSeconds / 86_400 + 1, 365)
        let bytes = (run.bytesOfStep[step] ?? .nan) * days * 86_400 / Double(step) * segments
        return (step, days, bytes / 1e9)
    }
}

let small = try HistoryRun(segments: segments / 2, days: days, rounds: rounds)
report(small)
let large = try HistoryRun(segments: segments, days: days, rounds: rounds)
report(large)

let growth = Double(large.segments) / Double(small.segments)
func grown(_ small: Double, _ large: Double) -> String { String(format: "%.2f", large / small / growth) }
print("from \(small.segments) to \(large.segments) segments, the cost of one segment changes by a factor of")
print(
    "  bytes \(grown(small.bytes.history, large.bytes.history)), reading "
        + grown(HistoryRun.Times.median(small.reading.history), HistoryRun.Times.median(large.reading.history))
        + ", append of ten seconds "
        + grown(
            HistoryRun.Times.mean(small.tenSecondRounds.history), HistoryRun.Times.mean(large.tenSecondRounds.history)))

let tenThousand = 10_000.0 / Double(large.segments)
print("\n10,000 segments, if it stays linear:")
let parts = gigabytesOfAYear(large, segments: 10_000)
for part in parts { print(String(format: "  %4d s kept %5.1f days %8.2f GB", part.step, part.days, part.gigabytes)) }
print(String(format: "  the file after a year     %8.2f GB", parts.reduce(0) { $0 + $1.gigabytes }))
print(
    String(
        format: "  reading %d days           %8.1f s", days,
        HistoryRun.Times.median(large.reading.history) * tenThousand))

let many = try HistoryRun(segments: 10_000, days: 0, rounds: roundsOfMany)
print("\n10,000 segments, measured over \(roundsOfMany) rounds: history, rows, ratio")
reportRounds(many)
