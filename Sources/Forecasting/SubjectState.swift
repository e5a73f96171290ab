// Everything the engine knows about one subject, and how it learns more.
//
// 1. seed: the models learn from all but the last days, in folds, and forecast what followed as if they had been there;
//    how far they missed is the first evidence for intervals and for the models' weights. Then they learn from all.
// 2. observe: each new step settles the paths that spoke of it, is judged as an anomaly or not, and starts new paths.
// 3. relearn: the models learn again; the evidence stays.
// Invariant: a path is only ever computed from steps up to its origin, by a fit that saw no step after its origin.

import ClusterModel

/// One subject's models, evidence and anomalies.
struct SubjectState: Sendable {
    let segments: Set<SegmentID>
    /// Whether it learned from a past that siblings lent.
    let hasLentPast: Bool
    let grid: StepGrid
    let scale: LoadScale
    let configuration: PredictionEngine.Configuration
    private(set) var tracks: [ModelTrack]
    private(set) var notTeaching: Set<Int> = []
    private(set) var lastStep: Int
    private(set) var learnedThrough: Int
    /// What began with the last step; the most severe, if several did.
    private(set) var anomaly: Anomaly?
    /// What began since `reported()`, oldest first, one at most for each step.
    private(set) var begun: [Anomaly] = []
    /// What was told and goes on at the last step, one at most of each kind.
    private(set) var lasting: [Anomaly] = []
    /// How odd the last step was, in 0..<1, by the last days; see `Oddness`.
    private(set) var surprise = 0.0
    /// The combination's own record: its intervals are calibrated by its own misses.
    private(set) var record: ForecastRecord
    private(set) var combination: Combination
    private(set) var noise = 0.0
    private var noiseLearned = ObservationNoise.none
    private var detector: AnomalyDetector
    /// The combined path from the last step; nil when no model has one.
    private(set) var path: [Double]?
    /// Every model's path from the last step.
    private(set) var modelPaths: [[Double]] = []

    private var keptSteps: Int { configuration.evidencePaths * pathStride }
    private var judgedSteps: Int { configuration.judgedPaths * pathStride }
    private var pathStride: Int { grid.steps(in: configuration.pathEvery) }

    /// Seeds from the history up to and including `end`. The models for the back-test are those that were trained
    /// before it.
    init(
        _ subject: Subject,
        history: SubjectHistory,
        through end: Int,
        configuration: PredictionEngine.Configuration,
        models: TrainedModels
    ) {
        segments = subject.segments
        hasLentPast = subject.lent > .zero
        grid = history.grid
        scale = history.scale
        self.configuration = configuration
        tracks = models.beforeBackTest.map { ModelTrack($0, horizon: configuration.horizonSteps) }
        detector = AnomalyDetector(
            scale: history.scale, stepsPerDay: history.grid.stepsPerDay, configuration: configuration.anomalies)
        record = ForecastRecord(horizon: configuration.horizonSteps, isFine: true)
        combination = Combination(tracks)
        lastStep = end
        learnedThrough = end
        seed(history, through: end)
        relearn(history, through: end, models: models)
    }

    private mutating func seed(_ history: SubjectHistory, through end: Int) {
        guard let first = history.firstMeasured else { return }
        let span = min(configuration.backTestPaths * pathStride, (end - first) / 2)
        let foldSteps = span / configuration.backTestFolds
        guard foldSteps > 0 else { return }
        for fold in 0..<configuration.backTestFolds {
            let start = end - foldSteps * (configuration.backTestFolds - fold)
            for index in tracks.indices { tracks[index].learn(history, through: start) }
            replay(history, origins: start..<start + foldSteps)
        }
        settle(end, history)
    }

    /// Settles and issues as if each origin had been the present.
    private mutating func replay(_ history: SubjectHistory, origins: Range<Int>) {
        let starts = origins.filter { $0 % pathStride == 0 }
        let paths = tracks.map { $0.paths(history, from: starts) }
        var issued = 0
        for origin in origins {
            settle(origin, history)
            guard issued < starts.count, starts[issued] == origin else { continue }
            issue(paths.map { $0[issued] }, origin: origin, history, noise: 0)
            issued += 1
        }
    }

    private mutating func settle(_ step: Int, _ history: SubjectHistory) {
        for index in tracks.indices { tracks[index].record.settle(step, history: history, keeping: judgedSteps) }
        record.settle(step, history: history, keeping: keptSteps)
    }

    /// Puts the models' paths and their combination on record, to be measured when their steps have come.
    private mutating func issue(_ paths: [[Double]], origin: Int, _ history: SubjectHistory, noise: Double) {
        combination = Combination(tracks)
        let combined = combination.path(paths, origin: origin, record.losses, history)
        for index in tracks.indices where tracks[index].fit != nil {
            tracks[index].record.issue(paths[index], origin: origin, history: history, noise: noise)
        }
        record.issue(combined, origin: origin, history: history, noise: noise)
    }

    /// Learns from everything up to and including `end`, the last step.
    mutating func relearn(_ history: SubjectHistory, through end: Int, models: TrainedModels) {
        for index in tracks.indices {
            tracks[index].model = models.now[index]
            tracks[index].learn(history, through: end)
            tracks[index].advance(history, through: end)
        }
        learnedThrough = end
        noiseLearned = ObservationNoise(of: history, over: history.steps.clamped(to: history.steps.lowerBound..<end))
        notTeaching = notTeaching.filter { $0 >= history.steps.lowerBound }
        combination = Combination(tracks)
        look(ahead: history)
    }

    /// Takes notice of one new step, the one after `lastStep`.
    mutating func observe(_ step: Int, _ history: SubjectHistory) {
        let (recent, level) = ObservationNoise.recent(history, through: step)
        noise = recent.excess(over: noiseLearned).deviation(at: level, scale: scale)
        judge(step, history)
        lastStep = step
        if !notTeaching.contains(step) { settle(step, history) }
        let isIssued = step % pathStride == 0
        if isIssued { for index in tracks.indices { tracks[index].advance(history, through: step) } }
        look(ahead: history)
        if isIssued { issue(modelPaths, origin: step, history, noise: intervalNoise) }
    }

    private mutating func judge(_ step: Int, _ history: SubjectHistory) {
        let seen = history.load(step)
        let verdict = detector.observe(
            step, seen: seen, isEventful: history.isEventful(step), noise: noise, outlook: outlook(from: step))
        surprise = verdict.surprise
        let found = verdict.found.map { anomaly(of: $0, noticedAt: step, seen: seen) }
        anomaly = verdict.worst.map { anomaly(of: $0, noticedAt: step, seen: seen) }
        if let anomaly { begun.append(anomaly) }
        let stillThere = detector.lasting.subtracting(found.map(\.kind))
        lasting = lasting.filter { stillThere.contains($0.kind) } + found
        if verdict.isAnomalous { notTeaching.insert(step) }
    }

    private func anomaly(of surprise: Surprise, noticedAt step: Int, seen: Double) -> Anomaly {
        Anomaly(
            kind: surprise.kind, at: grid.end(of: step), since: grid.start(of: surprise.since),
            expected: surprise.expected, seen: seen.isNaN ? 0 : seen, score: surprise.score)
    }

    /// What has begun so far was passed on.
    mutating func reported() { begun = [] }

    /// What the newest path says of `step` and those after it; empty while too little is known.
    private func outlook(from step: Int) -> [Expectation] {
        guard let path, lastStep == step - 1, let near = record.pools.oneStepSpread(.quiet) else { return [] }
        return path.enumerated().map { index, load in
            let deviation = record.pools.deviation(ahead: index + 1) ?? near.deviation
            return Expectation(load: load, median: near.median, deviation: deviation)
        }
    }

    /// The noise that intervals allow for: more while a new level or a new variance is fresh.
    var intervalNoise: Double {
        let unrest = detector.unrest(at: lastStep)
        return (noise * noise + unrest * unrest).squareRoot()
    }

    /// Every model's path from the last step, and their combination.
    private mutating func look(ahead history: SubjectHistory) {
        modelPaths = tracks.compactMap { $0.paths(history, from: [lastStep]).first }
        let combined = combination.path(modelPaths, origin: lastStep, record.losses, history)
        path = combined.contains(where: \.isNaN) ? nil : combined
    }
}
