// SPAR, sparse periodic auto-regression (Chen et al., NSDI 2008; P-Store, SIGMOD 2018), with events.
//
//   z(t+h) = c + sum_k a_k z(t+h-kT) + sum_j b_j d_j(t) + events,    T = one day
//
// where d_j(t) is how far the load of the last few steps lies off its mean over the same time on those days. P-Store
// takes 30 single steps; here they are means over the last 1, 2, 3, 6, 12 steps, which span the same slow changes with
// fewer, better determined coefficients. One least-squares fit per horizon step h. Beyond the paper: z is logarithmic
// and freed of the effects of events, which come back at t+h; recent days count more; weekends are told from workdays,
// and the last two comparable days are read beside the last days; and where live
// measurements are noisier than the history was, the noise is added to the Gram matrix of the d_j, which makes the
// coefficients those that are best for noisy inputs.

/// Settings of SPAR.
package struct Spar: ForecastModel {
    /// Days back whose same time of day is read; those beyond half the history are left out.
    package var lagDays = [1, 2, 3, 7]
    /// How many comparable days back are read too: workdays before a workday, weekend days before a weekend day; at most 2.
    package var comparableDays = 2
    /// Means over so many last steps.
    package var spans = [1, 2, 3, 6, 12]
    /// In units of one observation of each column's variance.
    package var ridge = 1.0
    /// Days after which a row counts half.
    package var halfLifeDays = 7.0
    /// Every how many steps an origin is learned from: neighbouring rows say nearly the same. Where steps are longer
    /// than five minutes they do not, and every origin teaches.
    package var originStride = 3
    /// Whether scheduled events are used.
    package var usesEvents = true
    var effects = EventEffects.Settings()

    package init() {}

    package var name: String { usesEvents ? "spar" : "spar without events" }
    package var requirements: ModelRequirements { ModelRequirements(historyDaysMin: 3, measuredStepsMin: 72) }
    package var usesMetrics: Bool { true }

    package func fit(
        _ history: SubjectHistory,
        through end: Int,
        horizon: Int
    ) throws(FitRefusal) -> any ModelFit {
        try requirements.check(history, through: end)
        let day = history.grid.stepsPerDay
        guard horizon <= day else { throw .horizonTooLong(steps: horizon, most: day) }
        let learned =
            usesEvents ? EventEffects.learned(from: history, through: end, settings: effects) : .none
        return try SparFit(self, history, through: end, horizon: horizon, effects: learned)
    }

    /// The columns that a history of `historyDays` can teach: no lag beyond half of it, and comparable days only where a
    /// week is read anyway.
    func columns(historyDays: Int, stepsPerDay: Int) -> SparColumns {
        let usable = lagDays.filter { $0 * 2 <= historyDays }
        let lags = usable.isEmpty ? [lagDays.min() ?? 1] : usable
        return SparColumns(
            spans: spans.sorted(),
            lagSteps: lags.map { $0 * stepsPerDay },
            comparableDays: (lags.max() ?? 0) >= 7 ? comparableDays : 0
        )
    }
}
