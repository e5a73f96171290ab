// From forecasts to scores. Each model is judged on the same origins and steps as all others: an origin from which any
// of them had nothing to say counts for none, and how many those are is reported.

import ClusterModel
import Forecasting

/// The scores of every model for every series of a trace.
package struct TraceEvaluation: Codable, Sendable {
    package var trace: String
    package var step: String
    package var horizon: String
    package var segments: [SegmentScores]
    /// Medians over the segments, of each figure by itself; only models that were judged on every segment.
    package var pooled: [ModelScores]

    package init(trace: String, step: Duration, horizon: Duration, segments: [SegmentScores]) {
        self.trace = trace
        self.step = "\(Int(step.inSeconds))s"
        self.horizon = "\(Int(horizon.inSeconds))s"
        self.segments = segments
        let judged = segments.filter { !$0.models.isEmpty }
        pooled = (judged.first?.models ?? []).compactMap { model in
            let all = judged.compactMap { segment in segment.models.first { $0.model == model.model } }
            guard all.count == judged.count else { return nil }
            let ahead = model.ahead.keys.compactMap { key -> (String, ForecastScore)? in
                ForecastScore(medianOf: all.compactMap { $0.ahead[key] }).map { (key, $0) }
            }
            return ForecastScore(medianOf: all.map(\.path)).map {
                ModelScores(model: model.model, path: $0, ahead: Dictionary(uniqueKeysWithValues: ahead))
            }
        }
    }

    package struct SegmentScores: Codable, Sendable {
        package var segment: String
        package var origins: Int
        /// Origins that were left out because a model had nothing to say there.
        package var originsLeftOut: Int
        package var models: [ModelScores]
    }

    package struct ModelScores: Codable, Sendable {
        package var model: String
        /// Over the whole path.
        package var path: ForecastScore
        /// By how far ahead, such as `60m`.
        package var ahead: [String: ForecastScore]
    }
}

extension TraceEvaluation.SegmentScores {
    private static let judgedMinutes = [15, 30, 60, 120, 1440]

    package init(_ segment: SegmentID, _ series: LoadSeries, _ forecasts: [IssuedForecast]) {
        self.segment = segment.text
        let names = Self.names(forecasts)
        let whole = forecasts.filter { $0.models.count == names.count }
        origins = whole.count
        originsLeftOut = forecasts.count - whole.count
        let day = Duration.seconds(86_400)
        models = names.compactMap { name in
            var steps: [(ahead: Duration, step: JudgedStep)] = []
            for forecast in whole {
                guard let model = forecast.models.first(where: { $0.model == name }) else { continue }
                for step in model.steps {
                    let start = step.at - series.step
                    guard let seen = series[start] else { continue }
                    let judged = JudgedStep(at: step.at, seen: seen, dayBefore: series[start - day], curve: step.curve)
                    steps.append((step.at - forecast.origin, judged))
                }
            }
            guard let path = ForecastScore(steps.map(\.step)) else { return nil }
            let ahead = Self.judgedMinutes.compactMap { minutes in
                ForecastScore(steps.filter { $0.ahead == .seconds(minutes * 60) }.map(\.step)).map {
                    ("\(minutes)m", $0)
                }
            }
            return .init(model: name, path: path, ahead: Dictionary(uniqueKeysWithValues: ahead))
        }
    }

    /// In the order in which the models first spoke; the combination last.
    private static func names(_ forecasts: [IssuedForecast]) -> [String] {
        var names: [String] = []
        for forecast in forecasts {
            for model in forecast.models where !names.contains(model.model) { names.append(model.model) }
        }
        return names.filter { $0 != IssuedForecast.combined } + names.filter { $0 == IssuedForecast.combined }
    }
}
