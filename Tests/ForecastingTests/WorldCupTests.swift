import ClusterModel
import Foundation
import Testing
import Traces

@testable import Forecasting

/// The France 98 web site on the two hardest days of the trace, forecast as a router would have: from each origin with
/// what was known by then. Origins every half hour and one learning a day keep the tests short.
@Suite struct WorldCupTests {
    private let days: [TournamentDay]

    init() throws { days = try TournamentDay.both.get() }

    @Test func anHourAheadItBeatsTheSeasonalNaiveAndGainsFromTheCalendar() {
        for (day, wapeMax) in zip(days, [0.16, 0.23]) {
            let informed = day.wape(day.informed)
            let uninformed = day.wape(day.uninformed)
            #expect(informed < wapeMax)
            #expect(informed < uninformed)
            #expect(uninformed < min(day.naiveWape(days: 1), day.naiveWape(days: 7)))
        }
    }

    @Test func ninetyPercentIntervalsHoldWhatTheySay() {
        let hits = days.flatMap { day in day.informed.map { day.isInside($0) } }
        let coverage = Double(hits.count { $0 }) / Double(hits.count)
        #expect((0.82...0.97).contains(coverage), "the 90 % interval covers \(coverage)")
    }

    @Test func bothOverloadsOfTheThirtiethAreSeenComing() throws {
        func highest(at time: String) throws -> Double {
            let now = try #require(Timestamp("1998-06-30T\(time):00Z"))
            let forecast = try #require(days[1].informed.first { $0.issuedAt == now })
            return try #require(forecast.likeliestExcess(of: 100_000)).probability
        }
        #expect(try highest(at: "12:00") < 0.1)
        #expect(try highest(at: "14:00") > 0.8)  // exceeded from 14:55
        #expect(try highest(at: "17:00") < 0.5)
        #expect(try highest(at: "18:30") > 0.8)  // exceeded from 19:10
        #expect(try highest(at: "23:00") < 0.1)
    }
}

/// One day's forecasts, with and without the match calendar.
private struct TournamentDay {
    private static let ahead = 12
    private let load: LoadSeries
    let informed: [SubjectForecast]
    let uninformed: [SubjectForecast]

    static let both = Result {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Demonstration/Resources/worldcup98").standardized.path
        let load = try #require(try LoadTrace.read(path: folder + "/load.csv", step: .seconds(60))["site"])
            .resampled(to: .seconds(300))
        let matches = try EventTrace(path: folder + "/events.csv").scheduled
        return try ["1998-06-29", "1998-06-30"].map { try TournamentDay($0, load: load, matches: matches) }
    }

    private init(_ day: String, load: LoadSeries, matches: [ScheduledEvent]) throws {
        self.load = load
        let from = try #require(Timestamp(day + "T00:00:00Z"))
        informed = Self.forecasts(load, events: matches, from: from)
        uninformed = Self.forecasts(load, events: [], from: from)
    }

    private static func forecasts(_ load: LoadSeries, events: [ScheduledEvent], from: Timestamp) -> [SubjectForecast] {
        var configuration = PredictionEngine.Configuration()
        configuration.relearnAfter = .seconds(86400)
        var engine = PredictionEngine(configuration: configuration)
        return (0..<48).flatMap { half in
            let now = from + .seconds(1800 * half)
            let subject = Subject(name: "site", series: load.window(from: load.start, to: now), segments: ["site"])
            return engine.forecast([subject], events: events, at: now)
        }
    }

    private func seen(_ forecast: SubjectForecast) -> Double {
        load[forecast.steps[Self.ahead - 1].at - load.step] ?? 0
    }

    func wape(_ forecasts: [SubjectForecast]) -> Double {
        wape(forecasts) { $0.steps[Self.ahead - 1].curve.median }
    }

    func naiveWape(days: Int) -> Double {
        wape(informed) { load[$0.steps[Self.ahead - 1].at - load.step - .seconds(86400 * days)] ?? 0 }
    }

    private func wape(_ forecasts: [SubjectForecast], _ said: (SubjectForecast) -> Double) -> Double {
        forecasts.reduce(0) { $0 + abs(seen($1) - said($1)) } / forecasts.reduce(0) { $0 + seen($1) }
    }

    func isInside(_ forecast: SubjectForecast) -> Bool {
        let curve = forecast.steps[Self.ahead - 1].curve
        return curve.value(at: 0.05) <= seen(forecast) && seen(forecast) <= curve.value(at: 0.95)
    }
}
