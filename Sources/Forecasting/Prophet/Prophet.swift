// Prophet (Taylor and Letham, The American Statistician 2018; facebook/prophet), without Stan.
//
//   y(t) = trend(t) + seasonality(t) + events(t) + regressors(t) + noise
//
// The model, its priors and its scaling (y by max|y|, time to 0...1) are those of the Python package; the estimate is
// the mode of the posterior. Everything but the size of the noise enters linearly and the priors are normal or Laplace,
// so the history is read once, into normal equations, and the optimiser never sees it again.
//
// Prophet says where the load belongs, not where it is: it knows nothing of the last hour. The auto-regression on its
// residual adds that, and fades on its own as the horizon grows.
//
// Scale: the package works in the load itself. Here the history's own scale, logarithmic in the engine, is the default:
// a season or an event then is a factor, and a path stays positive. An hour ahead on the traces of the benchmarks, with
// the auto-regression, that was better by more than a tenth on eight series of nineteen, and worse on five.

import ClusterModel

/// Settings of Prophet; the defaults are the Python package's, except the scale and the auto-regression.
package struct Prophet: ForecastModel {
    package enum Growth: Sendable { case linear, flat }

    package var growth = Growth.linear
    /// Possible changes of slope, uniform over the first `changepointRange` of the measured steps.
    package var changepoints = 25
    package var changepointRange = 0.8
    /// The scale of the Laplace prior of each change of slope.
    package var changepointPriorScale = 0.05
    package var seasonalities: [Seasonality] = [.yearly, .weekly, .daily]
    package var seasonalityPriorScale = 10.0
    /// Whether scheduled events are used. Where Prophet has one 0/1 column per day of a holiday, a kind of event has one
    /// column per knot of its profile.
    package var usesEvents = true
    package var eventPriorScale = 10.0
    /// Kinds of events that get columns, the most frequent ones first.
    package var eventKindsMax = 16
    package var regressors: [Regressor] = []
    /// Whether the path follows the load of the last steps; see `ResidualAutoregression`.
    package var residualAutoregression = true
    /// Whether to compute in the history's own scale; otherwise in the load itself.
    package var usesHistoryScale = true

    package init() {}

    /// As the Python package is by default: in the load itself, and without a look at the last hour.
    package static var asPublished: Prophet {
        var model = Prophet()
        model.residualAutoregression = false
        model.usesHistoryScale = false
        return model
    }

    package var name: String { residualAutoregression ? "prophet+ar" : "prophet" }
    package var requirements: ModelRequirements { ModelRequirements(historyDaysMin: 2, measuredStepsMin: 48) }

    /// As published it knows nothing of the last hour, and so of nothing that leads by minutes.
    package var usesMetrics: Bool { residualAutoregression }

    /// One period of the calendar as a Fourier series; used from a history of two periods on.
    package struct Seasonality: Equatable, Sendable {
        package let periodDays: Double
        package let order: Int

        package init(periodDays: Double, order: Int) {
            precondition(periodDays > 0 && order > 0, "a season has a period and an order, not \(periodDays), \(order)")
            self.periodDays = periodDays
            self.order = order
        }

        package static let daily = Seasonality(periodDays: 1, order: 4)
        package static let weekly = Seasonality(periodDays: 7, order: 3)
        package static let yearly = Seasonality(periodDays: 365.25, order: 10)
    }

    /// A series that is known in advance and moves the load in proportion. Where it is missing it says nothing.
    package struct Regressor: Sendable {
        let series: LoadSeries
        let priorScale: Double

        package init(_ series: LoadSeries, priorScale: Double = 10) {
            self.series = series
            self.priorScale = priorScale
        }
    }

    package func fit(
        _ history: SubjectHistory,
        through end: Int,
        horizon: Int
    ) throws(FitRefusal) -> any ModelFit {
        try decomposed(history, through: end, horizon: horizon)
    }

    /// The fit with all that it learned, for its simulations and for tests.
    package func decomposed(
        _ history: SubjectHistory,
        through end: Int,
        horizon: Int
    ) throws(FitRefusal) -> ProphetFit {
        try requirements.check(history, through: end)
        return try ProphetFit(self, history, through: end, horizon: horizon)
    }
}
