// Loads that follow a clock that is put forward and back: Berlin's in 2026.

import ClusterModel
import Testing

@testable import Forecasting

private func at(_ text: String) -> Timestamp { Timestamp(text)! }
private let forward = at("2026-03-29T01:00:00Z")
private let back = at("2026-10-25T01:00:00Z")
private let hour = Duration.seconds(3600)
private let berlin = ZoneOffsets(
    first: hour, changes: [.init(at: back, offset: hour), .init(at: forward, offset: hour * 2)])

/// The hour that a clock in Berlin shows, in 0..<24.
private func localHour(_ time: Timestamp) -> Double {
    let local = time + berlin.offset(at: time)
    return (local - local.floored(to: hour * 24)).inSeconds / 3600
}

private func series(from start: Timestamp, to end: Timestamp, step: Duration, _ load: (Timestamp) -> Double)
    -> LoadSeries
{
    let count = Int((end - start) / step)
    return LoadSeries(start: start, step: step, values: (0..<count).map { load(start + step * $0) })
}

@Suite struct ZoneTests {
    @Test func offsetsHoldFromTheirChangeOn() {
        #expect(berlin.offset(at: forward - .milliseconds(1)) == hour)
        #expect(berlin.offset(at: forward) == hour * 2)
        #expect(berlin.offset(at: back - .milliseconds(1)) == hour * 2)
        #expect(berlin.offset(at: back) == hour)
        #expect(ZoneOffsets.utc.offset(at: forward) == .zero)
    }

    /// Each value of the past stands where today's clock shows the hour at which it was measured.
    @Test(arguments: [(forward, 1), (back, 0)]) func thePastIsToldByTodaysClock(change: Timestamp, skipped: Int) {
        let now = change + hour * 30
        let measured = series(from: change - hour * 50, to: now, step: hour, localHour)
        let clock = PresentClock(berlin, at: now)
        let told = clock.told(measured)
        #expect(told.start == measured.start && told.values.count == measured.values.count)
        var missing: [Timestamp] = []
        for index in told.values.indices {
            let time = told.start + hour * index
            let shown = ((time + clock.utcOffset) - (time + clock.utcOffset).floored(to: hour * 24)).inSeconds / 3600
            if told.values[index].isNaN { missing.append(time) } else { #expect(told.values[index] == shown) }
        }
        // In spring the hour before the change; in autumn what lies before the first is shifted in.
        #expect(missing == (skipped == 1 ? [change - hour] : [measured.start]))
    }

    @Test func aSeriesWithoutAChangeStaysAsItIs() {
        let measured = series(from: forward + hour, to: forward + hour * 40, step: hour, localHour)
        let told = PresentClock(berlin, at: forward + hour * 60).told(measured)
        #expect(told.values == measured.values)
    }

    @Test func pastEventsMoveWithTheLoadAndFutureOnesStay() {
        let clock = PresentClock(berlin, at: forward + hour * 30)
        func event(_ start: Timestamp) -> ScheduledEvent {
            ScheduledEvent(kind: "k", label: "l", start: start, end: start + hour)
        }
        #expect(clock.told(event(forward - hour * 10)).start == forward - hour * 11)
        #expect(clock.told(event(forward + hour * 10)).start == forward + hour * 10)
        #expect(clock.told(event(forward + hour * 100)).start == forward + hour * 100)
    }

    /// A load that rises at nine by the clock, the Monday after a change: known in time with the zone, an hour late or
    /// early without it.
    @Test(arguments: ["2026-03-30T05:00:00Z", "2026-10-26T06:00:00Z"]) func forecastsTheNextMorningByTheClock(
        moment: String
    ) {
        let now = at(moment)
        let quarter = Duration.seconds(900)
        var generator = SeededGenerator(seed: 3)
        let load = series(from: now - hour * 24 * 20, to: now, step: quarter) { time in
            let level = (9..<17).contains(localHour(time)) ? 100.0 : 10
            return level * Double.random(in: 0.95...1.05, using: &generator)
        }
        func wrong(_ zone: ZoneOffsets, _ models: [any ForecastModel]? = nil) -> [Double] {
            var configuration = PredictionEngine.Configuration()
            configuration.horizonSteps = 16
            configuration.zone = zone
            if let models { configuration.models = models }
            var engine = PredictionEngine(configuration: configuration)
            let forecast = engine.forecast([Subject("s", series: load)], events: [], at: now)[0]
            return forecast.steps.enumerated().compactMap { index, step in
                let hour = localHour(now + quarter * index)
                return (step.curve.median > 50) == (9..<17).contains(hour) ? nil : hour
            }
        }
        #expect(wrong(berlin) == [])
        #expect(wrong(berlin, [Spar()]) == [])
        #expect(wrong(berlin, [SeasonalNaive(.week)]) == [])
        #expect(wrong(.utc, [SeasonalNaive(.week)]).count == 4, "an hour of quarters")
    }

    /// While the hour comes twice, and when the clock changed after the last call.
    @Test func forecastsGoOnThroughAChange() {
        var engine = PredictionEngine(
            configuration: {
                var configuration = PredictionEngine.Configuration()
                configuration.zone = berlin
                return configuration
            }())
        let start = back - hour * 24 * 5
        for minutes in [-30, 0, 15, 30, 60, 90] {
            let now = back + .seconds(Int64(minutes) * 60)
            let load = series(from: start, to: now, step: .seconds(900)) { 50 + localHour($0) }
            let forecast = engine.forecast([Subject("s", series: load)], events: [], at: now)[0]
            #expect(forecast.steps.count == 24)
            #expect(engine.lastRound.learned.isEmpty == (minutes != -30 && minutes != 0))
            #expect(forecast.steps.allSatisfy { (20...120).contains($0.curve.median) })
        }
    }
}
