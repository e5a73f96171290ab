/// The models by their names, as a user chooses them.
package enum ForecastModels {
    private static let all: [(name: String, model: any ForecastModel)] = [
        ("spar", Spar()), ("ridge", RidgeOnLags()), ("prophet", Prophet.asPublished), ("prophet+ar", Prophet()),
        ("lstm", LSTM()), ("week", SeasonalNaive(.week)), ("day", SeasonalNaive(.day)), ("last", SeasonalNaive(.none)),
    ]

    /// All names, separated by commas.
    package static var names: String { all.map(\.name).joined(separator: ",") }

    /// Nil for a name that is not known.
    package static func model(named name: String) -> (any ForecastModel)? { all.first { $0.name == name }?.model }
}
