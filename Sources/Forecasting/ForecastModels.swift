/// The models by their names, as a user chooses them.
package enum ForecastModels {
    private static let all: [(name: String, model: any ForecastModel)] = [
        ("spar", Spar()), ("ridge", RidgeOnLags()), ("prophet", Prophet.asPublished), ("prophet+ar", Prophet()),
        ("lstm", LSTM()), ("week", SeasonalNaive(.week)), ("day", SeasonalNaive(.day)), ("last", SeasonalNaive(.none)),
    ]

    /// Those that are combined where nobody chose others. Prophet is not among them: it changes next to nothing at the
    /// distances that decide.
    package static let standard: [any ForecastModel] = [
        Spar(), RidgeOnLags(), LSTM(), SeasonalNaive(.week), SeasonalNaive(.day), SeasonalNaive(.none),
    ]

    /// The standard models that need no training over all subjects: quick, and the same in every run.
    package static var untrained: [any ForecastModel] { standard.filter { !($0 is any GlobalModel) } }

    /// All names, separated by commas.
    package static var names: String { all.map(\.name).joined(separator: ",") }

    /// Nil for a name that is not known.
    package static func model(named name: String) -> (any ForecastModel)? { all.first { $0.name == name }?.model }
}
