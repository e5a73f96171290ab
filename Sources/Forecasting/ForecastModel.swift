// What every forecasting method is to the engine, be it seasonal naive, auto-regressive, Prophet's decomposition, a
// neural network or a weighted combination of others.
//
// A method is split in two values. The model is what one configures: its name, what it needs, and how it learns, which
// is expensive and rare. The fit is what it learned about one subject: it takes new steps and answers with paths, which
// is cheap and frequent. Intervals are not the fit's business: the engine measures how far its paths miss and puts the
// quantiles around them, so every method is calibrated in the same way.

/// A forecasting method with its settings.
package protocol ForecastModel: Sendable {
    var name: String { get }
    var requirements: ModelRequirements { get }
    /// Whether the engine corrects its paths by metrics that lead the load.
    var usesMetrics: Bool { get }

    /// Learns from the steps of `history` up to and including `end`, to forecast `horizon` steps ahead.
    func fit(_ history: SubjectHistory, through end: Int, horizon: Int) throws(FitRefusal) -> any ModelFit
}

extension ForecastModel {
    package var usesMetrics: Bool { false }
}

/// What a model needs before it can learn.
package struct ModelRequirements: Sendable {
    /// Days between the first measured step and the end of the history.
    package let historyDaysMin: Double
    /// Measured steps in the history.
    package let measuredStepsMin: Int
}

/// What a model learned about one subject.
package protocol ModelFit: Sendable {
    /// Takes notice of everything in `history` up to and including `last`. Called before `paths` whenever a step came in.
    mutating func advance(_ history: SubjectHistory, through last: Int)

    /// For each origin, the last known step, the loads of the `horizon` steps after it: finite and not negative, or NaN
    /// where the fit has nothing to say. Nothing after an origin is read for that origin's path.
    func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]]
}

extension ModelFit {
    package mutating func advance(_ history: SubjectHistory, through last: Int) {}
}

/// Why a model did not learn. A refusal is no failure: the engine uses the models that did.
package enum FitRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    case tooShort(days: Double, needed: Double)
    case tooFewMeasured(steps: Int, needed: Int)
    case horizonTooLong(steps: Int, most: Int)
    case singular
    case untrained

    package var description: String {
        switch self {
        case .tooShort(let days, let needed): "has \(Int(days)) days of history and needs \(Int(needed.rounded(.up)))"
        case .tooFewMeasured(let steps, let needed): "has \(steps) measured steps and needs \(needed)"
        case .horizonTooLong(let steps, let most): "was asked for \(steps) steps and can forecast \(most)"
        case .untrained: "waits for segments with enough history to learn from"
        case .singular: "found no solution: its regressors do not differ"
        }
    }
}

extension ModelRequirements {
    /// Throws unless `history` up to `end` meets the requirements.
    func check(_ history: SubjectHistory, through end: Int) throws(FitRefusal) {
        let first = history.firstMeasured ?? end + 1
        let days = Double(end + 1 - first) / Double(history.grid.stepsPerDay)
        guard days >= historyDaysMin else { throw .tooShort(days: max(0, days), needed: historyDaysMin) }
        let measured = (first..<end + 1).count { history.teaches($0) }
        guard measured >= measuredStepsMin else { throw .tooFewMeasured(steps: measured, needed: measuredStepsMin) }
    }
}
