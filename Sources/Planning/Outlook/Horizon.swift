import ClusterModel

/// The steps that a plan looks at. Step 0 begins now.
struct Horizon: Equatable {
    let now: Timestamp
    /// Ascending, after `now`, never empty.
    let ends: [Timestamp]

    /// Without forecast steps the horizon is two hours in steps of five minutes, for which measurements stand in.
    init(now: Timestamp, steps: [Timestamp]) {
        self.now = now
        let future = steps.filter { $0 > now }
        ends = future.isEmpty ? (1...24).map { now + .seconds(300 * $0) } : future
    }

    var count: Int { ends.count }
    var indices: Range<Int> { 0..<ends.count }

    func start(of step: Int) -> Timestamp { step == 0 ? now : ends[step - 1] }

    /// The hours that a step lasts.
    func hours(of step: Int) -> Double { (ends[step] - start(of: step)).inSeconds / 3600 }

    /// The first step that ends after `moment`; `count` when none does.
    func firstStep(endingAfter moment: Timestamp) -> Int { ends.partitioningIndex { $0 > moment } }

    /// The steps that begin before `moment`, and at least the first.
    func steps(beginningBefore moment: Timestamp) -> Range<Int> {
        0..<max(1, indices.prefix { start(of: $0) < moment }.count)
    }
}
