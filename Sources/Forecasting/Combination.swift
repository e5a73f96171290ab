// How much each model says: its weight falls with its recent pinball loss, apart by horizon and by whether an event
// reaches the step, because who knows the next ten minutes need not know the next two hours. No model is best for every
// load; a mean of the good ones is rarely worse than the best of them and often better.
//
// Invariant: the weights of one horizon and phase are not negative and sum to one, if any model has learned.

#if canImport(Glibc)
    import Glibc
#endif

/// The weights of the models of one subject.
struct Combination: Sendable {
    /// How steeply a weight falls: (least loss / loss) to this power, once for the loss at the horizon and once for that
    /// at all of them. The first is to the point; the second comes from several times as many forecasts.
    private static let exponent = 3.0
    /// A model whose share would be less says nothing.
    private static let leastShare = 0.02
    /// Losses that make a model's record count.
    private static let lossesMin = 24

    private let quiet: [[Double]]
    private let eventful: [[Double]]

    /// Before any model has a record the last one that has learned speaks: later ones are simpler.
    init(_ tracks: [ModelTrack]) {
        let horizons = tracks.first?.record.losses.horizons.count ?? 0
        let quiet = (0..<horizons).map { Self.weights(tracks, $0, .quiet) ?? Self.simplest(tracks) }
        self.quiet = quiet
        eventful = (0..<horizons).map { Self.weights(tracks, $0, .eventful) ?? quiet[$0] }
    }

    /// Nil unless all models that have learned have a record there: else the newest would be judged by other steps.
    private static func weights(_ tracks: [ModelTrack], _ index: Int, _ phase: Phase) -> [Double]? {
        let losses = tracks.map { track -> Double? in
            guard track.fit != nil else { return nil }
            let window = track.record.losses.window(index, phase)
            return window.count >= lossesMin ? window.mean : nil
        }
        let overall = zip(tracks, losses).map { $1 == nil ? nil : $0.record.losses.mean }
        guard let least = losses.compactMap({ $0 }).min(), let best = overall.compactMap({ $0 }).min() else {
            return nil
        }
        let raw = zip(losses, overall).map { loss, overall -> Double in
            guard let loss, let overall else { return 0 }
            return pow(ratio(least, loss) * ratio(best, overall), exponent)
        }
        let total = raw.reduce(0, +)
        let kept = raw.map { $0 / total >= leastShare ? $0 : 0 }
        let sum = kept.reduce(0, +)
        return kept.map { $0 / sum }
    }

    private static func ratio(_ least: Double, _ loss: Double) -> Double { loss > 0 ? least / loss : 1 }

    private static func simplest(_ tracks: [ModelTrack]) -> [Double] {
        let speaker = tracks.indices.last { tracks[$0].fit != nil }
        return tracks.indices.map { $0 == speaker ? 1 : 0 }
    }

    /// One weight per model for `ahead` steps.
    func weights(_ losses: JudgedLosses, ahead: Int, phase: Phase) -> [Double] {
        let index = losses.index(for: ahead)
        return phase == .quiet ? quiet[index] : eventful[index]
    }

    /// The weighted mean of the models' paths in the models' scale. Where those with weight have nothing to say, the
    /// last model that has does; NaN where none has.
    func path(_ paths: [[Double]], origin: Int, _ losses: JudgedLosses, _ history: SubjectHistory) -> [Double] {
        let horizon = paths.first?.count ?? 0
        return (0..<horizon).map { step in
            let phase: Phase = history.isEventful(origin + step + 1) ? .eventful : .quiet
            let weights = weights(losses, ahead: step + 1, phase: phase)
            var (sum, total) = (0.0, 0.0)
            for (weight, path) in zip(weights, paths) where weight > 0 && !path[step].isNaN {
                sum += weight * history.scale.scaled(path[step])
                total += weight
            }
            guard total == 0 else { return history.scale.load(sum / total) }
            return paths.last { !$0[step].isNaN }?[step] ?? .nan
        }
    }
}
