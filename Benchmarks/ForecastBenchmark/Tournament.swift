import ClusterModel
import Forecasting
import Traces

/// The load of the France 98 web site at five minutes, and its matches.
struct Tournament {
    let load: LoadSeries
    let events: [ScheduledEvent]

    init(folder: String) throws {
        let trace = try LoadTrace.read(path: folder + "/load.csv", step: .seconds(60))
        load = try trace["site"]!.resampled(to: .seconds(300))
        events = try EventTrace(path: folder + "/events.csv").scheduled
    }

    /// What is known at `now`.
    func subject(_ name: String = "site", at now: Timestamp) -> Subject {
        Subject(name: name, series: load.window(from: load.start, to: now), segments: ["site"])
    }

    /// One engine's forecasts at every step from `from` up to `to`.
    func rollingForecasts(
        from: Timestamp,
        to: Timestamp,
        engine configuration: PredictionEngine.Configuration,
        withEvents: Bool = true
    ) -> [SubjectForecast] {
        var engine = PredictionEngine(configuration: configuration)
        var forecasts: [SubjectForecast] = []
        var now = from
        while now < to {
            forecasts += engine.forecast([subject(at: now)], events: withEvents ? events : [], at: now)
            now = now + load.step
        }
        return forecasts
    }
}

func instant(_ text: String) -> Timestamp { Timestamp(text)! }

/// A number with a fixed count of decimals, right-aligned.
func column(_ value: Double?, _ width: Int = 8, decimals: Int = 1) -> String {
    guard let value, value.isFinite else { return String(repeating: " ", count: width - 1) + "-" }
    var factor = 1.0
    for _ in 0..<decimals { factor *= 10 }
    let rounded = Int64((abs(value) * factor).rounded())
    var text = String(rounded / Int64(factor))
    if decimals > 0 {
        let fraction = String(rounded % Int64(factor))
        text += "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
    return padded((value < 0 ? "-" : "") + text, width)
}

func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}
