/// One model's present fit for one subject, and its record.
struct ModelTrack: Sendable {
    /// As it was last trained, if it is a global one.
    var model: any ForecastModel
    private(set) var fit: (any ModelFit)?
    private(set) var refusal: FitRefusal?
    var record: ForecastRecord
    private let horizon: Int

    init(_ model: any ForecastModel, horizon: Int) {
        self.model = model
        self.horizon = horizon
        record = ForecastRecord(horizon: horizon)
    }

    /// Learns from the steps up to and including `end`. A refusal leaves the model without a say.
    mutating func learn(_ history: SubjectHistory, through end: Int) {
        do throws(FitRefusal) {
            if let global = model as? any GlobalModel, !global.isTrained { throw .untrained }
            let fit = try model.fit(history, through: end, horizon: horizon)
            let correction =
                model.usesMetrics
                ? MetricSelection.correction(of: fit, history, through: end, horizon: horizon) : nil
            self.fit = correction.map { CorrectedFit(fit, correction: $0) } ?? fit
            refusal = nil
        } catch {
            fit = nil
            refusal = error
        }
    }

    /// The metrics that correct its paths.
    func metricUses(step: Duration) -> [MetricUse] {
        guard let correction = (fit as? CorrectedFit)?.correction else { return [] }
        return correction.terms.map {
            MetricUse(metric: $0.metric, model: model.name, lead: step * $0.lag, gain: correction.gain)
        }
    }

    mutating func advance(_ history: SubjectHistory, through last: Int) { fit?.advance(history, through: last) }

    /// The paths from `origins`; all of them silent, NaN, without a fit.
    func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
        fit?.paths(history, from: origins)
            ?? Array(repeating: Array(repeating: .nan, count: horizon), count: origins.count)
    }
}
