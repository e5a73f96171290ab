// A new segment has no past to learn from, but its siblings have: segments of one table rise and fall together. What it
// would have had before its first day is lent to it: the siblings' common shape, at its own level.
//
// Invariant: a measured step is never changed, and nothing is lent to a segment that has a past of its own, or none of
// whose level is known.

import ClusterModel

/// Pasts for series that have none.
package enum ColdStart {
    /// Own past with which a segment stands on its own feet: two weekly seasons.
    static let ownPastMin = Duration.seconds(14 * 86_400)
    /// Measured steps that tell a new segment's level.
    static let ownStepsMin = 6
    /// How many times longer than the new segment's own past that of a sibling has to be.
    private static let siblingsFactor = 2.0

    /// The series, with a lent past where there was too little of an own one; and how much past was lent to whom. All
    /// series have one step.
    package static func filled(
        _ loads: [SegmentID: LoadSeries]
    ) -> (loads: [SegmentID: LoadSeries], lent: [SegmentID: Duration]) {
        let pasts = loads.compactMapValues(past)
        let longest = pasts.values.max() ?? .zero
        let young = pasts.filter { $0.value < ownPastMin && $0.value * siblingsFactor <= longest }
        guard !young.isEmpty else { return (loads, [:]) }
        let siblings = pasts.filter { $0.value * siblingsFactor > longest }.keys.sorted().compactMap { loads[$0] }
        guard let shape = shape(of: siblings) else { return (loads, [:]) }
        var filled = loads
        var lent: [SegmentID: Duration] = [:]
        for segment in young.keys {
            guard let own = loads[segment], let longer = own.preceded(by: shape) else { continue }
            filled[segment] = longer
            lent[segment] = own.start - longer.start
        }
        return (filled, lent)
    }

    /// From the first measured step to the end.
    private static func past(_ series: LoadSeries) -> Duration? {
        series.values.firstIndex { !$0.isNaN }.map { series.step * (series.values.count - $0) }
    }

    /// The mean of the siblings, each in units of its own mean, where at least half of them were measured.
    private static func shape(of siblings: [LoadSeries]) -> LoadSeries? {
        let normal = siblings.compactMap { series -> LoadSeries? in
            let present = series.values.filter { !$0.isNaN }
            let mean = present.reduce(0, +) / Double(max(1, present.count))
            return mean > 0 ? series.scaled(by: 1 / mean) : nil
        }
        return try? LoadSeries.mean(normal, missingMembersTolerated: normal.count / 2)
    }
}

extension LoadSeries {
    /// Before the first measured step what `shape` says, at the level at which the measured steps stand to it.
    fileprivate func preceded(by shape: LoadSeries) -> LoadSeries? {
        guard let first = values.firstIndex(where: { !$0.isNaN }), shape.step == step else { return nil }
        let begin = start + step * first
        guard shape.start < begin else { return nil }
        var (own, common, count) = (0.0, 0.0, 0)
        for (index, value) in values.enumerated() where !value.isNaN {
            guard let other = shape[start + step * index] else { continue }
            own += value
            common += other
            count += 1
        }
        guard count >= ColdStart.ownStepsMin, common > 0 else { return nil }
        let lent = shape.window(from: shape.start, to: begin).scaled(by: own / common)
        return LoadSeries(start: lent.start, step: step, values: lent.values + values[first...])
    }
}
