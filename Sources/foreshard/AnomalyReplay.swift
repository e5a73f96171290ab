// Anomalies of the past: a load trace as a stream, judged as the engine would have judged it live.
import ArgumentParser
import ClusterModel
import Evaluation
import Forecasting
import Foundation
import Traces

struct AnomalyReplay {
    let trace: [String]
    let events: [String]
    let step: String?
    let segment: String?
    let out: String?
    let withoutCalendar: Bool

    /// Labels that are scored.
    private static let windowKind = "anomaly_window"

    func run() throws {
        let file = try out.map(scoresFile)
        var table = TextTable("SEGMENT", "FROM", "NOTICED", "KIND", "SCORE", "WHAT")
        var corpus: [LabelledScores] = []
        var found = 0
        for (number, path) in trace.enumerated() {
            let trace = try events.isEmpty ? nil : EventTrace(path: events[number])
            for (segment, series) in try readSeries(path) {
                let loads = AnomalyStream.judge(segment, series, events: withoutCalendar ? [] : trace?.scheduled ?? [])
                { done in
                    showProgress("\(segment): step \(done) of \(series.values.count)")
                }
                for anomaly in loads.compactMap(\.anomaly) {
                    found += 1
                    table.add(
                        "\(segment)", "\(anomaly.since)", "\(anomaly.at)", anomaly.kind.rawValue,
                        shown(anomaly.score), anomaly.explanation)
                }
                try file?.write(segment, loads)
                let windows = (trace?.labelled ?? []).filter {
                    $0.kind == Self.windowKind && $0.segments?.contains(segment) ?? true
                }
                corpus.append(LabelledScores(loads, windows: windows, step: series.step))
            }
        }
        try file?.close()
        showProgress(nil)
        print(found == 0 ? "nothing out of the ordinary" : table.text)
        show(DetectionProfile.all.compactMap { DetectionScore(corpus, profile: $0) })
        if let out { print("written: \(out)/scores.csv") }
    }

    private func show(_ scores: [DetectionScore]) {
        guard !scores.isEmpty else { return }
        var table = TextTable("PROFILE", "NAB SCORE", "THRESHOLD", "WINDOWS FOUND", "OF", "FALSE POSITIVES")
        for score in scores {
            table.add(
                score.profile, String(format: "%.6f", score.score), String(format: "%.6f", score.threshold),
                "\(score.windowsFound)", "\(score.windows)", "\(score.falsePositives)")
        }
        print("\n\(table.text)")
    }

    private func shown(_ value: Double) -> String { String(format: "%.1f", value) }

    private func scoresFile(_ directory: String) throws -> AnomalyScoresFile {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw ValidationError("cannot make \(directory): \(error.localizedDescription)")
        }
        return try AnomalyScoresFile(path: directory + "/scores.csv")
    }

    private func readSeries(_ path: String) throws -> [(SegmentID, LoadSeries)] {
        guard let own = try LoadTrace.step(path: path) else {
            throw ValidationError("\(path) has no two readings of one segment")
        }
        let step = try step.map { try length(of: $0, "step") } ?? own
        guard step.wholeMilliseconds % own.wholeMilliseconds == 0 else {
            throw ValidationError("--step has to be a multiple of the trace's own step, \(Int(own.inSeconds)) s")
        }
        let all = try LoadTrace.read(path: path, step: own).sorted { $0.key < $1.key }
        let chosen = all.filter { segment == nil || $0.key.text == segment }
        guard !chosen.isEmpty else { throw ValidationError("\(path) has no segment `\(segment ?? "")`") }
        return try chosen.map { ($0.key, own == step ? $0.value : try $0.value.resampled(to: step)) }
    }

}
