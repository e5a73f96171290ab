// The score of the Numenta Anomaly Benchmark: 0 for a detector that says nothing, 100 for one that marks the first row of
// every window and nothing else; with the one threshold over all segments that suits the detector best.

/// How well a detector's scores find labelled windows, for one profile.
package struct DetectionScore: Sendable, Equatable {
    package let profile: String
    /// At most 100; below 0 where the detector is worse than silence.
    package let score: Double
    /// Scores from here on count as detections; more than 1 means none.
    package let threshold: Double
    package let windowsFound: Int
    package let windows: Int
    /// Rows outside windows that count as detections.
    package let falsePositives: Int

    /// Nil without a window.
    package init?(_ corpus: [LabelledScores], profile: DetectionProfile) {
        let count = corpus.reduce(0) { $0 + $1.windowCount }
        guard count > 0 else { return nil }
        let null = -profile.falseNegative * Double(count)
        let rows = corpus.enumerated().flatMap { segment, labelled in labelled.rows.map { (segment: segment, row: $0) }
        }
        .sorted { $0.row.score > $1.row.score }
        var best = (sum: null, threshold: 1.1, found: 0, falsePositives: 0)
        var present = best
        var worths: [WindowName: Double] = [:]
        for (index, (segment, row)) in rows.enumerated() {
            if let window = row.window {
                let name = WindowName(segment: segment, window: window)
                let old = worths[name] ?? -profile.falseNegative
                let new = max(old, row.worth * profile.truePositive)
                worths[name] = new
                present.sum += new - old
            } else {
                present.sum += row.worth * profile.falsePositive
                present.falsePositives += 1
            }
            // A threshold takes all rows of one score or none.
            let isLastOfItsScore = index + 1 == rows.count || rows[index + 1].row.score != row.score
            if isLastOfItsScore, present.sum > best.sum {
                best = (present.sum, row.score, worths.count, present.falsePositives)
            }
        }
        self.profile = profile.name
        score = 100 * (best.sum - null) / (profile.truePositive * Double(count) - null)
        threshold = best.threshold
        windowsFound = best.found
        windows = count
        falsePositives = best.falsePositives
    }

    private struct WindowName: Hashable {
        let segment: Int
        let window: Int
    }
}
