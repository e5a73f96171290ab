import ClusterModel

extension PlanDraft {
    /// The instances of ours that exceed their threshold in `steps` with the prepare confidence, most urgent first.
    func expectedOverloads(in book: PlacementBook, steps: Range<Int>) -> [ExpectedOverload] {
        snapshot.instances.filter(\.isOurs).compactMap { expectedOverload(of: $0, in: book, steps: steps) }
            .sorted { ($1.priority, $0.instance) < ($0.priority, $1.instance) }
    }

    func expectedOverload(
        of instance: InstanceSnapshot,
        in book: PlacementBook,
        steps: Range<Int>
    ) -> ExpectedOverload? {
        let (aggregate, threshold) = (book[instance.id], threshold(of: instance.id))
        guard
            let crossing = aggregate.crossing(
                of: threshold,
                confidence: configuration.prepareConfidence,
                in: steps
            )
        else { return nil }
        let begins = horizon.start(of: crossing.step)
        let hours = (begins - now).inSeconds / 3600
        let peak = steps.max { aggregate.medians[$0] < aggregate.medians[$1] } ?? crossing.step
        return ExpectedOverload(
            instance: instance.id,
            capacity: capacity(of: instance.id),
            threshold: threshold,
            at: begins,
            probability: crossing.probability,
            highestProbability: crossing.highestProbability,
            peakAt: horizon.ends[peak],
            peak: aggregate.distribution(at: peak),
            priority: aggregate.expectedOverload(over: threshold, horizon: horizon) / (1 + hours),
            isMeasured: measuredOver.contains(instance.id)
        )
    }
}

extension Evidence {
    /// The numbers of an expected overload.
    init(_ overload: ExpectedOverload, at now: Timestamp, measuredLoad: Double?) {
        self.init()
        capacity = overload.capacity
        threshold = overload.threshold
        self.measuredLoad = measuredLoad
        forecastFor = overload.peakAt
        quantiles = overload.peak.quantiles.filter { [0.1, 0.5, 0.9, 0.99].contains($0.level) }
        probability = overload.probability
        overloadAt = overload.at
        secondsToOverload = (overload.at - now).inSeconds
    }
}

extension PlanDraft {
    /// `home-1 exceeds 44.00 (capacity 55.00) with probability 62 % from 14:35Z, peak p50 47.10, p90 55.20 at 15:00Z`
    func description(of overload: ExpectedOverload) -> String {
        let (threshold, capacity) = (Wording.decimal(overload.threshold), Wording.decimal(overload.capacity))
        let (median, high) = (overload.peak.quantile(0.5), overload.peak.quantile(0.9))
        return "\(overload.instance) exceeds \(threshold) (capacity \(capacity)) with probability "
            + "\(Wording.percent(overload.probability)) from \(clock(overload.at)), "
            + "peak p50 \(Wording.decimal(median)), p90 \(Wording.decimal(high)) at \(clock(overload.peakAt))"
    }
}
