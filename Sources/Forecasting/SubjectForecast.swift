// What the engine says about one subject, and why.

import ClusterModel

/// The distribution of a subject's load at one step of the horizon.
package struct StepForecast: Sendable, Equatable {
    /// The end of the step that is predicted.
    package let at: Timestamp
    package let curve: QuantileCurve

    package var quantiles: [QuantileValue] { curve.quantiles }
}

/// The forecast of one subject, issued at one time.
package struct SubjectForecast: Sendable {
    package let subject: String
    package let issuedAt: Timestamp
    /// In order of time; empty when nothing was ever measured.
    package let steps: [StepForecast]
    /// What each model says by itself, in the engine's order; only when the configuration asks for it.
    package let models: [ModelForecast]
    /// What began with the newest step; the most severe, if several did.
    package let anomaly: Anomaly?
    /// What began since the last forecast of this subject, oldest first; each onset is in one forecast only.
    package let begun: [Anomaly]
    /// What was told, in this forecast or before, and goes on at the newest step.
    package let lasting: [Anomaly]
    /// How odd the newest step was, in 0..<1, by the last days; see `Oddness`.
    package let surprise: Double
    package let explanation: ForecastExplanation

    /// The probability that the load exceeds `threshold` in the step that ends at `end`; nil outside the horizon.
    package func probability(exceeding threshold: Double, at end: Timestamp) -> Double? {
        steps.first { $0.at == end }?.curve.probability(exceeding: threshold)
    }

    /// The step at which `threshold` is exceeded with the highest probability among those that end by `deadline`.
    package func likeliestExcess(
        of threshold: Double,
        by deadline: Timestamp? = nil
    ) -> (at: Timestamp, probability: Double)? {
        steps.filter { step in deadline.map { step.at <= $0 } ?? true }
            .map { ($0.at, $0.curve.probability(exceeding: threshold)) }
            .max { $0.1 < $1.1 }
    }

    /// One prediction per step; the subject's name stands for the segment.
    package func predictions(threshold: Double) -> [Prediction] {
        steps.map { step in
            Prediction(
                segmentID: SegmentID(subject),
                at: step.at,
                load: Load(step.curve.median),
                confidence: step.curve.probability(exceeding: threshold),
                quantiles: step.quantiles
            )
        }
    }
}

/// What one model says, with intervals from its own misses.
package struct ModelForecast: Sendable {
    package let model: String
    package let steps: [StepForecast]

    package init(model: String, steps: [StepForecast]) {
        self.model = model
        self.steps = steps
    }
}

/// Why a forecast is what it is.
package struct ForecastExplanation: Sendable {
    /// The models behind it and their weights at half the horizon, heaviest first; empty when nothing was ever measured.
    package let weights: [(model: String, weight: Double)]
    /// Every model's mean pinball loss over recent forecasts, in the models' scale; best first.
    package let recentLosses: [(model: String, loss: Double)]
    /// Models that did not learn, and why.
    package let refusals: [(model: String, reason: String)]
    /// The metrics that correct the models' paths.
    package let metrics: [MetricUse]
    /// The residuals behind the interval at half the horizon.
    package let residualCount: Int
    /// How far the 90 % quantile lies above the median at half the horizon, as a factor.
    package let upperFactor: Double
    /// The standard deviation of single measurements, beyond that of the history, relative to the load.
    package let noise: Double
    /// Time since the models learned.
    package let staleness: Duration
    /// How much of the past was lent by siblings.
    package let lent: Duration

    /// The heaviest model; nil when nothing was ever measured.
    package var model: String? { weights.first?.model }

    /// In words: how the models share the forecast, which metrics correct them, and what past they learned from.
    package var reason: String {
        let borrowed =
            lent > .zero ? ["\(Int(lent / .seconds(86_400))) days of its past are those of its siblings"] : []
        return ([shares] + (metrics.isEmpty ? [] : [corrections]) + borrowed).joined(separator: "; ")
    }

    private var corrections: String {
        let leads = Dictionary(metrics.map { ($0.metric, $0.lead) }, uniquingKeysWith: min)
        let words = leads.sorted { $0.key < $1.key }.map { name, lead in
            "\(name), which leads by \(Int((lead.inSeconds / 60).rounded())) min"
        }
        return "corrected by " + words.joined(separator: ", and ")
    }

    private var shares: String {
        guard !weights.isEmpty else { return "nothing was measured yet" }
        guard weights.count > 1 else {
            return recentLosses.isEmpty ? "no model has a record yet" : "it alone has weight"
        }
        let shares = weights.map { "\($0.model) \(Int((100 * $0.weight).rounded())) %" }
        return "weighted by recent pinball loss: " + shares.joined(separator: ", ")
    }
}
