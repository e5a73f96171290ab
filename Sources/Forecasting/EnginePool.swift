// Several engines that share the subjects among them and run side by side, one for each processor that forecasting may
// use. A subject stays with its engine, which knows it; so the pool answers as one engine would.
//
// The models that learn from all subjects are trained once for all engines: within the first call, because nothing is
// known before, and later between two calls, on what the call before had seen.

import ClusterModel

/// A prediction engine for many subjects.
package struct EnginePool: Sendable {
    private let lanes: [Lane]
    private let teacher = Teacher()

    /// Trains beside whatever else goes on, one lesson at a time.
    private actor Teacher {
        private var training: Task<Void, Never>?

        /// Passed over while another lesson goes on.
        func teach(_ models: TrainedModels, _ lesson: Lesson, to lanes: [Lane]) {
            guard training == nil else { return }
            training = Task.detached(priority: .utility) {
                let learned = models.trained(by: lesson)
                for lane in lanes { await lane.adopt(learned) }
                await self.end()
            }
        }

        private func end() { training = nil }

        func finish() async { await training?.value }
    }

    /// One engine. An actor and no value, because a copy of what an engine knows would be large.
    private actor Lane {
        private var engine: PredictionEngine

        init(_ engine: PredictionEngine) { self.engine = engine }

        func forecast(
            _ subjects: [Subject], _ events: [ScheduledEvent], _ regressors: [MetricSeries], at now: Timestamp
        ) -> ([SubjectForecast], EngineRound) {
            let forecasts = engine.answer(subjects, events: events, regressors: regressors, at: now)
            return (forecasts, engine.lastRound)
        }

        func lesson(
            _ subjects: [Subject], _ events: [ScheduledEvent], _ regressors: [MetricSeries], at now: Timestamp
        ) -> (models: TrainedModels, lesson: Lesson)? {
            engine.lesson(from: subjects, events: events, regressors: regressors, at: now).map { (engine.models, $0) }
        }

        func adopt(_ models: TrainedModels) { engine.models = models }
    }

    /// `width` engines, at least one. `stopwatch` tells time since any fixed point.
    package init(
        configuration: PredictionEngine.Configuration, width: Int,
        stopwatch: @escaping @Sendable () -> Duration = { .zero }
    ) {
        lanes = (0..<max(1, width)).map { _ in
            Lane(PredictionEngine(configuration: configuration, stopwatch: stopwatch))
        }
    }

    /// Forecasts every subject from the steps of its series that had ended by `now`, in the order of the subjects. The
    /// round says what all engines did; its duration is that of the slowest.
    ///
    /// - Parameter regressors: what may lead the loads, known up to `now`.
    package func forecast(
        _ subjects: [Subject], events: [ScheduledEvent], regressors: [MetricSeries] = [], at now: Timestamp
    ) async -> (forecasts: [SubjectForecast], round: EngineRound) {
        let shares = Dictionary(grouping: subjects.indices) { lane(of: subjects[$0].name) }
        let due = await lesson(from: subjects, events, regressors, at: now)
        if let due, !due.models.areTrained {
            await teacher.teach(due.models, due.lesson, to: lanes)
            await teacher.finish()
        }
        var forecasts = [SubjectForecast?](repeating: nil, count: subjects.count)
        var sum = EngineRound()
        await withTaskGroup { group in
            for (number, lane) in lanes.enumerated() {
                let own = (shares[number] ?? []).map { subjects[$0] }
                group.addTask { (number, await lane.forecast(own, events, regressors, at: now)) }
            }
            for await (number, (own, round)) in group {
                for (index, forecast) in zip(shares[number] ?? [], own) { forecasts[index] = forecast }
                sum.add(round)
            }
        }
        if let due, due.models.areTrained { await teacher.teach(due.models, due.lesson, to: lanes) }
        return (forecasts.compactMap { $0 }, sum)
    }

    /// Waits for the training that the last call may have begun.
    package func finishTraining() async { await teacher.finish() }

    /// What all engines together should teach their models now.
    private func lesson(
        from subjects: [Subject], _ events: [ScheduledEvent], _ regressors: [MetricSeries], at now: Timestamp
    ) async -> (models: TrainedModels, lesson: Lesson)? {
        let shares = Dictionary(grouping: Lesson.chosen(subjects)) { lane(of: $0.name) }
        var parts: [(models: TrainedModels, lesson: Lesson)] = []
        for (number, lane) in lanes.enumerated() {
            guard let own = shares[number], let part = await lane.lesson(own, events, regressors, at: now) else {
                continue
            }
            parts.append(part)
        }
        guard let first = parts.first, let lesson = Lesson.together(parts.map(\.lesson)) else { return nil }
        return (first.models, lesson)
    }

    /// By FNV-1a, which is the same in every process.
    private func lane(of name: String) -> Int {
        let hash = name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return Int(hash % UInt64(lanes.count))
    }
}

extension EngineRound {
    fileprivate mutating func add(_ other: EngineRound) {
        learned += other.learned
        relearned += other.relearned
        oldestFit = max(oldestFit, other.oldestFit)
        duration = max(duration, other.duration)
    }
}
