// From a subject's state to what the engine says about it.

import ClusterModel

extension SubjectState {
    /// The forecast from the last step, with its explanation.
    func report(_ name: String, history: SubjectHistory, at now: Timestamp) -> SubjectForecast {
        let steps = forecastSteps(history)
        return SubjectForecast(
            subject: name,
            issuedAt: now,
            steps: steps,
            anomaly: anomaly,
            explanation: explanation(steps, at: now)
        )
    }

    private func forecastSteps(_ history: SubjectHistory) -> [StepForecast] {
        guard let chosen, let path else { return [] }
        return path.enumerated().map { index, load in
            let target = lastStep + index + 1
            let curve = tracks[chosen].curve(around: load, ahead: index + 1, target: target, history, noise: noise)
            return StepForecast(at: grid.end(of: target), curve: curve)
        }
    }

    private func explanation(_ steps: [StepForecast], at now: Timestamp) -> ForecastExplanation {
        let middle = steps.isEmpty ? nil : steps[(steps.count - 1) / 2].curve
        let losses = tracks.compactMap { track in track.losses.mean.map { (model: track.model.name, loss: $0) } }
        let refusals = tracks.compactMap { track in
            track.refusal.map { (model: track.model.name, reason: $0.description) }
        }
        return ForecastExplanation(
            model: steps.isEmpty ? nil : chosen.map { tracks[$0].model.name },
            reason: ModelChoice.reason(tracks, chosen: steps.isEmpty ? nil : chosen),
            recentLosses: losses.sorted { $0.loss < $1.loss },
            refusals: refusals,
            residualCount: chosen.map { tracks[$0].pools.count(ahead: max(1, steps.count / 2)) } ?? 0,
            upperFactor: middle.map { $0.median > 0 ? $0.value(at: 0.9) / $0.median : 1 } ?? 1,
            noise: noise,
            staleness: now - grid.end(of: learnedThrough)
        )
    }
}
