// Which of the models speaks for a subject: the one whose recent intervals cost least. A challenger must be better by a
// margin, so that the choice does not flutter.

/// The choice among the models of one subject.
enum ModelChoice {
    /// A challenger's loss as a share of the present model's, below which it takes over.
    private static let challengerShare = 0.97
    /// Losses that make a model's record count.
    private static let lossesMin = 24

    /// The index of the best model that has learned; nil when none has. Models without a record yet come last, in the
    /// reverse of their order: the later ones are the simpler ones.
    static func best(_ tracks: [ModelTrack], keeping present: Int?) -> Int? {
        let fitted = tracks.indices.filter { tracks[$0].fit != nil }
        let recorded = fitted.filter { tracks[$0].losses.count >= lossesMin }
        guard let best = recorded.min(by: { loss(tracks[$0]) < loss(tracks[$1]) }) else { return fitted.last }
        guard let present, recorded.contains(present) else { return best }
        return loss(tracks[best]) < challengerShare * loss(tracks[present]) ? best : present
    }

    private static func loss(_ track: ModelTrack) -> Double { track.losses.mean ?? .infinity }

    static func reason(_ tracks: [ModelTrack], chosen: Int?) -> String {
        guard let chosen else { return "nothing was measured yet" }
        let others = tracks.indices.filter { $0 != chosen && tracks[$0].losses.count >= lossesMin }
        guard tracks[chosen].losses.count >= lossesMin else { return "no model has a record yet; this is the simplest" }
        guard let next = others.min(by: { loss(tracks[$0]) < loss(tracks[$1]) }) else {
            return "the only model with a record"
        }
        let percent = loss(tracks[next]) > 0 ? Int((100 * loss(tracks[chosen]) / loss(tracks[next])).rounded()) : 100
        return "its recent pinball loss is \(percent) % of that of \(tracks[next].model.name)"
    }
}
