// Everything the engine knows about one subject, and how it learns more.
//
// 1. seed: the models learn from all but the last days, in folds, and forecast what followed as if they had been there;
//    how far they missed is the first evidence for intervals and for the choice of a model. Then they learn from all.
// 2. observe: each new step settles the paths that spoke of it, is judged as an anomaly or not, and starts new paths.
// 3. relearn: the models learn again; the evidence stays.
// Invariant: a path is only ever computed from steps up to its origin, by a fit that saw no step after its origin.

import ClusterModel

/// One subject's models, evidence and anomalies.
struct SubjectState: Sendable {
    let segments: Set<SegmentID>
    let grid: StepGrid
    let scale: LoadScale
    private let configuration: PredictionEngine.Configuration
    private(set) var tracks: [ModelTrack]
    private(set) var notTeaching: Set<Int> = []
    private(set) var lastStep: Int
    private(set) var learnedThrough: Int
    private(set) var anomaly: Anomaly?
    private(set) var chosen: Int?
    private(set) var noise = 0.0
    private var noiseLearned = ObservationNoise.none
    private var anomalyRun = 0
    /// The path from the last step; nil when no model has one.
    private(set) var path: [Double]?

    private var keptSteps: Int { grid.steps(in: configuration.evidenceKept) }

    /// Seeds from the history up to and including `end`.
    init(
        _ subject: Subject,
        history: SubjectHistory,
        through end: Int,
        configuration: PredictionEngine.Configuration
    ) {
        segments = subject.segments
        grid = history.grid
        scale = history.scale
        self.configuration = configuration
        tracks = configuration.models.map { ModelTrack($0, horizon: configuration.horizonSteps) }
        lastStep = end
        learnedThrough = end
        seed(history, through: end)
        relearn(history, through: end)
    }

    private mutating func seed(_ history: SubjectHistory, through end: Int) {
        guard let first = history.firstMeasured else { return }
        let span = min(grid.steps(in: configuration.backTestSpan), (end - first) / 2)
        let foldSteps = span / configuration.backTestFolds
        guard foldSteps > 0 else { return }
        for fold in 0..<configuration.backTestFolds {
            let start = end - foldSteps * (configuration.backTestFolds - fold)
            for index in tracks.indices {
                tracks[index].learn(history, through: start)
                tracks[index].replay(
                    history,
                    origins: start..<start + foldSteps,
                    stride: configuration.pathStride,
                    keeping: keptSteps
                )
            }
        }
        for index in tracks.indices { tracks[index].settle(end, history: history, keeping: keptSteps) }
    }

    /// Learns from everything up to and including `end`, the last step.
    mutating func relearn(_ history: SubjectHistory, through end: Int) {
        for index in tracks.indices {
            tracks[index].learn(history, through: end)
            tracks[index].advance(history, through: end)
        }
        learnedThrough = end
        noiseLearned = ObservationNoise(of: history, over: history.steps.clamped(to: history.steps.lowerBound..<end))
        notTeaching = notTeaching.filter { $0 >= history.steps.lowerBound }
        chosen = ModelChoice.best(tracks, keeping: chosen)
        path = chosenPath(history)
    }

    /// Takes notice of one new step, the one after `lastStep`.
    mutating func observe(_ step: Int, _ history: SubjectHistory) {
        let (recent, level) = ObservationNoise.recent(history, through: step)
        noise = recent.excess(over: noiseLearned).deviation(at: level, scale: scale)
        judge(step, history)
        lastStep = step
        for index in tracks.indices {
            if notTeaching.contains(step) { continue }
            tracks[index].settle(step, history: history, keeping: keptSteps)
        }
        startPaths(history, origin: step)
    }

    private mutating func judge(_ step: Int, _ history: SubjectHistory) {
        anomaly = nil
        let seen = history.load(step)
        guard let chosen, let expected = path?.first, !seen.isNaN, !history.isEventful(step),
            let spread = tracks[chosen].pools.oneStepSpread(.quiet)
        else { return }
        anomaly = configuration.anomalies.judge(
            seen: seen,
            expected: expected,
            spread: spread,
            noise: noise,
            scale: scale,
            at: grid.end(of: step)
        )
        anomalyRun = anomaly == nil ? 0 : anomalyRun + 1
        if anomaly != nil, anomalyRun <= configuration.anomalies.runMax { notTeaching.insert(step) }
    }

    private mutating func startPaths(_ history: SubjectHistory, origin: Int) {
        if origin % configuration.pathStride == 0 {
            for index in tracks.indices {
                tracks[index].advance(history, through: origin)
                guard let path = tracks[index].paths(history, from: [origin]).first else { continue }
                tracks[index].issue(path, origin: origin, history: history, noise: noise)
            }
            chosen = ModelChoice.best(tracks, keeping: chosen)
        }
        path = chosenPath(history)
    }

    /// The path of the chosen model from the last step. Where it has nothing to say, the last model that has does.
    private func chosenPath(_ history: SubjectHistory) -> [Double]? {
        guard let chosen, var path = tracks[chosen].paths(history, from: [lastStep]).first else { return nil }
        for track in tracks where path.contains(where: \.isNaN) {
            guard let other = track.paths(history, from: [lastStep]).first else { continue }
            path = zip(path, other).map { $0.isNaN ? $1 : $0 }
        }
        return path.contains(where: \.isNaN) ? nil : path
    }
}

extension ModelTrack {
    /// Settles and issues as if each origin had been the present.
    fileprivate mutating func replay(
        _ history: SubjectHistory,
        origins: Range<Int>,
        stride: Int,
        keeping steps: Int
    ) {
        let starts = origins.filter { $0 % stride == 0 }
        var paths = Array(zip(starts, self.paths(history, from: starts)).reversed())
        for origin in origins {
            settle(origin, history: history, keeping: steps)
            guard paths.last?.0 == origin, let (_, path) = paths.popLast() else { continue }
            issue(path, origin: origin, history: history, noise: 0)
        }
    }
}
