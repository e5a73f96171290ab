/// What a back-test compares.
package enum BacktestPolicy: String, Sendable, CaseIterable, Codable {
    /// As many instances as the highest load of the replayed time needs, all the time. Knows that load.
    case staticPeak = "static_peak"
    /// As many as its mean load needs.
    case staticMean = "static_mean"
    /// Foreshard without forecasts: acts when an instance is measured over its threshold.
    case reactive
    /// P-Store as published, with its assumptions granted.
    case pstore
    /// Foreshard, with forecasts against fixed thresholds.
    case threshold
    /// Foreshard, weighing prices over the horizon.
    case horizon
    /// The same with forecasts that are always right.
    case oracle

    package var meaning: String {
        switch self {
        case .staticPeak: "enough instances for the peak, all the time"
        case .staticMean: "enough instances for the mean load, all the time"
        case .reactive: "moves when an overload is measured"
        case .pstore: "P-Store (SIGMOD 2018): evenly spread load, resized by forecast"
        case .threshold: "moves when a forecast crosses the threshold"
        case .horizon: "moves when prices and forecast say that it pays"
        case .oracle: "the horizon policy, if forecasts were always right"
        }
    }
}
