// The prediction engine: subjects and events in, distributions of their future loads out. It is a value: given the same
// calls it says the same, and it reads no clock of its own.
//
// A subject that is new, or whose segments changed, is learned anew at once, because a forecast is due now. Otherwise
// subjects are relearned by age, a few per call, so that no call is much longer than another.

import ClusterModel

/// Fits, remembers and combines models for any number of subjects.
package struct PredictionEngine: Sendable {
    package struct Configuration: Sendable {
        /// Steps of the subjects' series that are forecast.
        package var horizonSteps = 24
        /// Those that are combined, here the ones that learn at once; ForecastModels.standard are a server's. Where there
        /// is no record to weigh by, the last one that has learned speaks.
        package var models: [any ForecastModel] = [
            Spar(), RidgeOnLags(), SeasonalNaive(.week), SeasonalNaive(.day), SeasonalNaive(.none),
        ]
        /// Whether a forecast carries what each model says by itself.
        package var reportsEveryModel = false
        /// Cluster time after which a subject is learned again, and what learns from all subjects is trained again.
        package var relearnAfter = Duration.seconds(6 * 3600)
        /// Subjects that may be relearned by age in any call; more where so many subjects grow old between two calls
        /// that the rest would not keep up.
        package var relearnedPerCallMax = 2
        /// History that models learn from.
        package var historyMax = Duration.seconds(28 * 86400)
        /// Paths into the end of the history that are forecast when a subject is learned for the first time; fewer where
        /// they would need more than half of the history.
        package var backTestPaths = 576
        package var backTestFolds = 2
        /// Paths whose misses the intervals of the forecast are made of.
        package var evidencePaths = 672
        /// Paths whose misses each model's own intervals are made of, by which it is judged.
        package var judgedPaths = 288
        /// Cluster time between two paths that are kept as evidence; a step where steps are longer.
        package var pathEvery = Duration.seconds(900)
        /// The clock that the loads follow.
        package var zone = ZoneOffsets.utc
        /// Absence after which a subject is forgotten.
        package var forgetAfter = Duration.seconds(86400)
        var anomalies = AnomalyDetector.Configuration()

        package init() {}
    }

    package let configuration: Configuration
    /// What the last call did.
    package private(set) var lastRound = EngineRound()
    private var states: [String: SubjectState] = [:]
    /// Each subject takes the newest when it is learned again.
    var models: TrainedModels
    private var lastCall: Timestamp?
    private let stopwatch: @Sendable () -> Duration

    /// `stopwatch` tells time since any fixed point, for the duration in `lastRound`.
    package init(
        configuration: Configuration = Configuration(),
        stopwatch: @escaping @Sendable () -> Duration = { .zero }
    ) {
        precondition(
            configuration.horizonSteps > 0 && configuration.pathEvery > .zero && configuration.backTestFolds > 0)
        self.configuration = configuration
        models = TrainedModels(configuration.models)
        self.stopwatch = stopwatch
    }

    /// Forecasts every subject from the steps of its series that had ended by `now`, after training the models that
    /// learn from all subjects where that is due.
    ///
    /// - Parameter regressors: what may lead the loads, known up to `now`; only those that help are used.
    package mutating func forecast(
        _ subjects: [Subject],
        events: [ScheduledEvent],
        regressors: [MetricSeries] = [],
        at now: Timestamp
    ) -> [SubjectForecast] {
        if let lesson = lesson(from: subjects, events: events, regressors: regressors, at: now) {
            models = models.trained(by: lesson)
        }
        return answer(subjects, events: events, regressors: regressors, at: now)
    }

    /// As `forecast`, with the models as they were trained.
    mutating func answer(
        _ subjects: [Subject], events: [ScheduledEvent], regressors: [MetricSeries], at now: Timestamp
    ) -> [SubjectForecast] {
        let begin = stopwatch()
        var round = EngineRound()
        let due = dueForRelearning(subjects, at: now)
        let metrics = PreparedMetrics(regressors, zone: configuration.zone, at: now)
        let forecasts = subjects.map { subject in
            forecast(
                subject, events: events, metrics: metrics, at: now, relearn: due.contains(subject.name),
                round: &round)
        }
        forget(subjects, at: now)
        lastCall = now
        round.oldestFit = forecasts.map(\.explanation.staleness).max() ?? .zero
        round.duration = stopwatch() - begin
        lastRound = round
        return forecasts
    }

    private mutating func forecast(
        _ subject: Subject,
        events: [ScheduledEvent],
        metrics: PreparedMetrics,
        at now: Timestamp,
        relearn: Bool,
        round: inout EngineRound
    ) -> SubjectForecast {
        let clock = PresentClock(configuration.zone, at: now)
        let grid = StepGrid(step: subject.series.step, utcOffset: clock.utcOffset)
        let last = grid.number(of: now) - 1
        let known = states[subject.name].flatMap { isUsable($0, for: subject, on: grid, last: last) ? $0 : nil }
        states[subject.name] = nil  // the only copy is the one below
        var history = history(of: subject, events: events, metrics: metrics, clock: clock, last: last, state: known)
        var state: SubjectState
        if var present = known {
            if present.lastStep < last { for step in present.lastStep + 1...last { present.observe(step, history) } }
            if relearn {
                history = self.history(
                    of: subject, events: events, metrics: metrics, clock: clock, last: last, state: present)
                present.relearn(history, through: last, models: models)
                round.relearned.append(subject.name)
            }
            state = present
        } else {
            state = SubjectState(subject, history: history, through: last, configuration: configuration, models: models)
            round.learned.append(subject.name)
        }
        let forecast = state.report(subject, history: history, at: now)
        state.reported()
        states[subject.name] = state
        return forecast
    }

    /// What the global models should learn now from these subjects; nil while they know enough.
    func lesson(
        from subjects: [Subject], events: [ScheduledEvent], regressors: [MetricSeries], at now: Timestamp
    ) -> Lesson? {
        guard let first = subjects.first, models.isDue(at: now, after: configuration.relearnAfter) else { return nil }
        let metrics = PreparedMetrics(regressors, zone: configuration.zone, at: now)
        let clock = PresentClock(configuration.zone, at: now)
        let grid = StepGrid(step: first.series.step, utcOffset: clock.utcOffset)
        let last = grid.number(of: now) - 1
        let histories = Lesson.chosen(subjects).map { subject in
            history(
                of: subject, events: events, metrics: metrics, clock: clock, last: last, state: states[subject.name])
        }
        let longest = histories.compactMap(\.firstMeasured).map { last - $0 }.max() ?? 0
        return Lesson(
            histories: histories, end: last,
            backTest: min(configuration.backTestPaths * grid.steps(in: configuration.pathEvery), longest / 2),
            horizon: configuration.horizonSteps, time: now)
    }

    /// What was learned serves as long as subject and grid are the same, the clock is not changed, and no more steps came
    /// than evidence is kept for.
    private func isUsable(_ state: SubjectState, for subject: Subject, on grid: StepGrid, last: Int) -> Bool {
        let gap = last - state.lastStep
        return state.segments == subject.segments && state.hasLentPast == (subject.lent > .zero)
            && state.grid == grid && gap >= 0
            && gap <= state.grid.stepsPerDay && state.tracks.contains { $0.fit != nil }
    }

    private func history(
        of subject: Subject,
        events: [ScheduledEvent],
        metrics: PreparedMetrics,
        clock: PresentClock,
        last: Int,
        state: SubjectState?
    ) -> SubjectHistory {
        let grid = StepGrid(step: subject.series.step, utcOffset: clock.utcOffset)
        let end = grid.end(of: last)
        let start = max(subject.series.start, end - configuration.historyMax)
        let series = clock.told(subject.series.window(from: start, to: end))
        let windows = EventWindow.windows(
            of: events.filter(subject.isConcerned).map(clock.told), profile: EventProfile(), grid: grid)
        return SubjectHistory(
            grid: grid,
            scale: state?.scale ?? .logarithmic(for: series.values),
            events: windows,
            series: series,
            notTeaching: state?.notTeaching ?? [],
            metrics: metrics.deviations(for: subject)
        )
    }

    /// The subjects whose models are oldest, among those that are too old.
    private func dueForRelearning(_ subjects: [Subject], at now: Timestamp) -> Set<String> {
        let aged = subjects.compactMap { subject -> (name: String, age: Duration)? in
            guard let state = states[subject.name] else { return nil }
            return (subject.name, now - state.grid.end(of: state.learnedThrough))
        }
        let due = aged.filter { $0.age >= configuration.relearnAfter }.sorted { $0.age > $1.age }
        return Set(due.prefix(max(configuration.relearnedPerCallMax, agedPerCall(subjects.count, at: now))).map(\.name))
    }

    /// How many of `count` subjects reach the age for relearning between two calls, and a quarter more.
    private func agedPerCall(_ count: Int, at now: Timestamp) -> Int {
        guard let lastCall, configuration.relearnAfter > .zero else { return 0 }
        return Int((1.25 * Double(count) * ((now - lastCall) / configuration.relearnAfter)).rounded(.up))
    }

    private mutating func forget(_ subjects: [Subject], at now: Timestamp) {
        let present = Set(subjects.map(\.name))
        states = states.filter { name, state in
            present.contains(name) || now - state.grid.end(of: state.lastStep) < configuration.forgetAfter
        }
    }
}

/// What one call of the engine did, for metrics and the audit.
package struct EngineRound: Sendable {
    /// Subjects that were new or changed.
    package var learned: [String] = []
    /// Subjects that were learned again because of their age.
    package var relearned: [String] = []
    /// Age of the oldest fit that a forecast of this call came from.
    package var oldestFit = Duration.zero
    /// By the engine's stopwatch.
    package var duration = Duration.zero
}
