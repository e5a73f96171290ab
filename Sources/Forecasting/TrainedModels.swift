// The engine's models with what the global ones among them learned from all subjects. They are trained apart from the
// subjects' own fits: at the first call, and again whenever what they know has grown old, going on from it.
//
// A new subject's back-test must not be judged by models that have seen it, so the state of before is kept beside the
// present one.

import ClusterModel

/// The models of an engine, in the order of its configuration.
struct TrainedModels: Sendable {
    private(set) var now: [any ForecastModel]
    /// As they were trained without the steps of the back-test.
    private(set) var beforeBackTest: [any ForecastModel]
    private(set) var trainedAt: Timestamp?

    init(_ models: [any ForecastModel]) {
        now = models
        beforeBackTest = models
    }

    private var haveGlobalOnes: Bool { now.contains { $0 is any GlobalModel } }
    /// Whether all that can be trained are.
    var areTrained: Bool { now.allSatisfy { ($0 as? any GlobalModel)?.isTrained ?? true } }

    /// Nothing global, nothing to do; untrained models are tried at every call, trained ones when they are old.
    func isDue(at time: Timestamp, after age: Duration) -> Bool {
        guard haveGlobalOnes else { return false }
        guard areTrained, let trainedAt else { return true }
        return time - trainedAt >= age
    }

    /// After learning what `lesson` has to teach.
    func trained(by lesson: Lesson) -> TrainedModels {
        guard !lesson.histories.isEmpty else { return self }
        func examples(_ end: Int) -> [(history: SubjectHistory, end: Int)] { lesson.histories.map { ($0, end) } }
        var learned = self
        for (index, model) in now.enumerated() {
            guard let global = model as? any GlobalModel else { continue }
            // A subject that comes new from now on is not among the examples that a trained model has seen.
            let before =
                global.isTrained
                ? global : global.trained(on: examples(lesson.end - lesson.backTest), horizon: lesson.horizon)
            learned.beforeBackTest[index] = before
            learned.now[index] = before.trained(on: examples(lesson.end), horizon: lesson.horizon)
        }
        learned.trainedAt = lesson.time
        return learned
    }
}

/// What global models learn from at one time.
struct Lesson: Sendable {
    /// Subjects that are learned from; more than these say little new.
    static let subjectsMax = 128

    let histories: [SubjectHistory]
    /// The last step of the histories.
    let end: Int
    /// How many of the last steps new subjects will be back-tested by.
    let backTest: Int
    /// Steps ahead.
    let horizon: Int
    let time: Timestamp

    /// Those of the subjects to learn from: evenly chosen among all whose whole past is their own.
    static func chosen(_ subjects: [Subject]) -> [Subject] {
        let alike = subjects.filter { $0.series.step == subjects.first?.series.step && $0.lent == .zero }
        let stride = max(1, (alike.count + subjectsMax - 1) / subjectsMax)
        return Swift.stride(from: 0, to: alike.count, by: stride).map { alike[$0] }
    }

    /// One lesson from parts of one time; nil where there are none.
    static func together(_ parts: [Lesson]) -> Lesson? {
        guard let first = parts.first else { return nil }
        return Lesson(
            histories: parts.flatMap(\.histories), end: first.end, backTest: parts.map(\.backTest).max() ?? 0,
            horizon: first.horizon, time: first.time)
    }
}
