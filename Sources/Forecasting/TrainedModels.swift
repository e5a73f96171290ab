// The engine's models with what the global ones among them learned from all subjects. They are trained apart from the
// subjects' own fits: at the first call, and again whenever what they know has grown old, going on from it.
//
// A new subject's back-test must not be judged by models that have seen it, so the state of before is kept beside the
// present one.

import ClusterModel

/// The models of an engine, in the order of its configuration.
struct TrainedModels: Sendable {
    /// Subjects that global models learn from; more than these say little new.
    static let examplesMax = 128

    private(set) var now: [any ForecastModel]
    /// As they were trained without the steps of the back-test.
    private(set) var beforeBackTest: [any ForecastModel]
    private(set) var trainedAt: Timestamp?

    init(_ models: [any ForecastModel]) {
        now = models
        beforeBackTest = models
    }

    var haveGlobalOnes: Bool { now.contains { $0 is any GlobalModel } }
    private var isTrained: Bool { now.allSatisfy { ($0 as? any GlobalModel)?.isTrained ?? true } }

    /// Nothing global, nothing to do; untrained models are tried at every call, trained ones when they are old.
    func isDue(at time: Timestamp, after age: Duration) -> Bool {
        guard haveGlobalOnes else { return false }
        guard isTrained, let trainedAt else { return true }
        return time - trainedAt >= age
    }

    /// Trains on histories that end with the step `end`. `backTest` is the length of the back-test in steps.
    mutating func train(on histories: [SubjectHistory], through end: Int, backTest: Int, horizon: Int, at time: Timestamp) {
        guard !histories.isEmpty else { return }
        func examples(_ end: Int) -> [(history: SubjectHistory, end: Int)] { histories.map { ($0, end) } }
        for (index, model) in now.enumerated() {
            guard let global = model as? any GlobalModel else { continue }
            if !global.isTrained {
                let before = global.trained(on: examples(end - backTest), horizon: horizon)
                beforeBackTest[index] = before
                now[index] = before.trained(on: examples(end), horizon: horizon)
            } else {
                // A subject that comes new from now on was not among the examples.
                beforeBackTest[index] = global
                now[index] = global.trained(on: examples(end), horizon: horizon)
            }
        }
        trainedAt = time
    }
}
