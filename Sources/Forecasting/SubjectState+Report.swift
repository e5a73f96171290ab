// From a subject's state to what the engine says about it.

import ClusterModel

extension SubjectState {
    /// The forecast from the last step, with its explanation.
    func report(_ subject: Subject, history: SubjectHistory, at now: Timestamp) -> SubjectForecast {
        let steps = forecastSteps(history)
        return SubjectForecast(
            subject: subject.name,
            issuedAt: now,
            steps: steps,
            models: configuration.reportsEveryModel ? modelForecasts(history) : [],
            anomaly: anomaly,
            begun: begun,
            lasting: lasting,
            surprise: surprise,
            explanation: explanation(steps, lent: subject.lent, at: now)
        )
    }

    private func forecastSteps(_ history: SubjectHistory) -> [StepForecast] {
        path.map { steps($0, record, history) } ?? []
    }

    private func modelForecasts(_ history: SubjectHistory) -> [ModelForecast] {
        zip(tracks, modelPaths).compactMap { track, path in
            guard !path.contains(where: \.isNaN) else { return nil }
            return ModelForecast(model: track.model.name, steps: steps(path, track.record, history))
        }
    }

    private func steps(_ path: [Double], _ record: ForecastRecord, _ history: SubjectHistory) -> [StepForecast] {
        path.enumerated().map { index, load in
            let target = lastStep + index + 1
            let curve = record.curve(around: load, ahead: index + 1, target: target, history, noise: intervalNoise)
            return StepForecast(at: grid.end(of: target), curve: curve)
        }
    }

    private func explanation(_ steps: [StepForecast], lent: Duration, at now: Timestamp) -> ForecastExplanation {
        let middle = steps.isEmpty ? nil : steps[(steps.count - 1) / 2].curve
        let losses = tracks.compactMap { track in track.record.losses.mean.map { (model: track.model.name, loss: $0) } }
        let refusals = tracks.compactMap { track in
            track.refusal.map { (model: track.model.name, reason: $0.description) }
        }
        return ForecastExplanation(
            weights: steps.isEmpty ? [] : weights(ahead: max(1, steps.count / 2)),
            recentLosses: losses.sorted { $0.loss < $1.loss },
            refusals: refusals,
            metrics: tracks.flatMap { $0.metricUses(step: grid.step) },
            residualCount: steps.isEmpty ? 0 : record.pools.count(ahead: max(1, steps.count / 2)),
            upperFactor: middle.map { $0.median > 0 ? $0.value(at: 0.9) / $0.median : 1 } ?? 1,
            noise: noise,
            staleness: now - grid.end(of: learnedThrough),
            lent: lent
        )
    }

    /// Who speaks about a quiet step, heaviest first.
    private func weights(ahead: Int) -> [(model: String, weight: Double)] {
        zip(tracks, combination.weights(record.losses, ahead: ahead, phase: .quiet))
            .filter { $1 > 0 }.map { (model: $0.model.name, weight: $1) }.sorted { $0.weight > $1.weight }
    }
}
