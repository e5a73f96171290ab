import ClusterModel
import Forecasting

/// What the engine said about exceeding 100,000 requests a minute on 1998-06-30, and when.
struct PeakTable {
    let text: String
    private static let threshold = 100_000.0

    init(_ tournament: Tournament) {
        let day = instant("1998-06-30T00:00:00Z")
        let forecasts = tournament.rollingForecasts(
            from: day,
            to: day + .seconds(86400),
            engine: PredictionEngine.Configuration()
        )
        var lines = ["P(load > 100,000/min) on 1998-06-30; the load first exceeds it at 14:55, and again at 19:10", ""]
        lines.append("now         load   median P(+30)   median P(+60)   highest P in 60 min    in 120 min   model")
        for forecast in forecasts where Self.isShown(forecast.issuedAt) {
            let (half, hour) = (forecast.steps[5].curve, forecast.steps[11].curve)
            let next = forecast.likeliestExcess(of: Self.threshold, by: forecast.issuedAt + .seconds(3600))
            let later = forecast.likeliestExcess(of: Self.threshold)
            let time = forecast.issuedAt.description.dropFirst(11).prefix(5)
            lines.append(
                "\(time)  \(column(tournament.load[forecast.issuedAt - .seconds(300)], 9, decimals: 0))"
                    + "\(column(half.median, 9, decimals: 0))\(column(half.probability(exceeding: Self.threshold), 6, decimals: 2))"
                    + "\(column(hour.median, 10, decimals: 0))\(column(hour.probability(exceeding: Self.threshold), 6, decimals: 2))"
                    + "\(Self.excess(next, 12))\(Self.excess(later, 10))   \(forecast.explanation.model ?? "-")"
            )
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func isShown(_ time: Timestamp) -> Bool {
        let minute = Int(time.milliseconds / 60_000) % 1440
        return ((12 * 60 + 30...15 * 60 + 15).contains(minute) || (17 * 60...19 * 60 + 30).contains(minute))
            && minute % 5 == 0
    }

    private static func excess(_ excess: (at: Timestamp, probability: Double)?, _ width: Int) -> String {
        guard let excess else { return padded("-", width + 6) }
        return column(excess.probability, width, decimals: 2) + " " + excess.at.description.dropFirst(11).prefix(5)
    }
}
