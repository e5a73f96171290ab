// What the plan believes of every segment: the forecasts, made coherent with those of the instances, or measurements.
//
// 1. A segment's own forecast; where it has none, its measured share of its owner's forecast; where that has none either
//    (or the policy looks at no forecast), its measured load, flat.
// 2. An instance's forecast of its sum knows more than the sum of its segments' forecasts (their surprises partly cancel),
//    so the segments are scaled until they add up to it: medians by one factor for each step, deviations by one for
//    each step and level.
// 3. Where an overload is measured that the forecast does not know, the segments there need at least what they use now.

import ClusterModel

struct Outlook {
    let horizon: Horizon
    let grid: LevelGrid
    let correlation: Double
    private(set) var segments: [SegmentID: SegmentOutlook]

    init(_ snapshot: ClusterSnapshot, configuration: PlanningConfiguration) {
        horizon = Horizon(now: snapshot.now, steps: snapshot.steps)
        grid = LevelGrid(configuration: configuration)
        correlation = configuration.surpriseCorrelation
        segments = [:]
        segments.reserveCapacity(snapshot.segments.count)
        guard configuration.policy != .reactive else {
            for segment in snapshot.segments { segments[segment.id] = measured(segment) }
            return
        }
        let past = snapshot.steps.partitioningIndex { $0 > snapshot.now }
        let owned = Dictionary(grouping: snapshot.segments, by: \.owner)
        var totals: [InstanceID: SegmentOutlook] = [:]
        for instance in snapshot.instances where instance.forecast.count > past {
            totals[instance.id] = SegmentOutlook(instance.forecast[past...], steps: horizon.count, grid: grid)
        }
        for (owner, members) in owned {
            let used = members.reduce(0) { $0 + max(0, $1.measuredLoad) }
            for member in members { segments[member.id] = forecast(member, past: past, of: totals[owner], used: used) }
            if let total = totals[owner] { reconcile(members.map(\.id), with: total) }
        }
    }

    /// Step 1, with the owner's forecast and the load measured on the owner.
    private func forecast(
        _ segment: SegmentSnapshot,
        past: Int,
        of total: SegmentOutlook?,
        used: Double
    ) -> SegmentOutlook {
        if segment.forecast.count > past {
            return SegmentOutlook(segment.forecast[past...], steps: horizon.count, grid: grid)
        }
        guard var share = total, used > 0 else { return measured(segment) }
        let factor = max(0, segment.measuredLoad) / used
        share.scale(
            medians: Array(repeating: factor, count: share.medians.count),
            spreads: Array(repeating: factor, count: share.spreads.count)
        )
        return share
    }

    private func measured(_ segment: SegmentSnapshot) -> SegmentOutlook {
        SegmentOutlook(flat: max(0, segment.measuredLoad), steps: horizon.count, levels: grid.count)
    }

    func aggregate(of members: some Sequence<SegmentID>) -> LoadAggregate {
        var aggregate = LoadAggregate(grid: grid, steps: horizon.count, correlation: correlation)
        for member in members { aggregate.add(self[member]) }
        return aggregate
    }

    subscript(segment: SegmentID) -> SegmentOutlook {
        guard let outlook = segments[segment] else { preconditionFailure("segment \(segment) is not in the snapshot") }
        return outlook
    }

    /// Step 3.
    mutating func lift(_ segment: SegmentID, to load: Double, until end: Timestamp) {
        segments[segment]?.lift(to: load, in: horizon.steps(beginningBefore: end))
    }

    /// Step 2. The factors are bounded, so that one absurd forecast does not make every segment absurd.
    private mutating func reconcile(_ members: [SegmentID], with total: SegmentOutlook) {
        let aggregate = aggregate(of: members)
        let medianFactors = horizon.indices.map { step in
            Self.factor(total.medians[step], over: aggregate.medians[step], in: 0.1...10)
        }
        let spreadFactors = total.spreads.indices.map { index in
            let (step, level) = index.quotientAndRemainder(dividingBy: grid.count)
            return Self.factor(total.spreads[index], over: aggregate.deviation(level, at: step), in: 0...10)
        }
        for member in members {
            segments[member]?.scale(medians: medianFactors, spreads: spreadFactors)
        }
    }

    private static func factor(_ wanted: Double, over present: Double, in bounds: ClosedRange<Double>) -> Double {
        guard abs(present) > 1e-9 else { return 1 }
        return min(max(wanted / present, bounds.lowerBound), bounds.upperBound)
    }
}

extension SegmentOutlook {
    /// Multiplies the medians step by step and the deviations step by step and level by level.
    mutating func scale(medians medianFactors: [Double], spreads spreadFactors: [Double]) {
        for step in medians.indices { medians[step] *= medianFactors[step] }
        for index in spreads.indices { spreads[index] *= spreadFactors[index] }
    }
}

extension LoadAggregate {
    /// The whole distribution at one step.
    func distribution(at step: Int) -> LoadDistribution {
        let quantiles = grid.levels.indices.map { level in
            QuantileValue(level: grid.levels[level], value: quantile(level, at: step))
        }
        guard let distribution = LoadDistribution(quantiles) else {
            preconditionFailure("an aggregate of finite loads has a distribution")
        }
        return distribution
    }
}
