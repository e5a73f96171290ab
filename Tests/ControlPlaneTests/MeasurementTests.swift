import ClusterModel
import Forecasting
import Testing

@testable import ControlPlane

private func usage(_ busy: Double, statements: Int = 1) -> SegmentUsage {
    var usage = SegmentUsage()
    usage.busySeconds = busy
    usage.offeredSeconds = busy
    usage.statements = statements
    return usage
}

@Suite struct RecentUsageTests {
    @Test func forgetsWhatIsOlderThanItsSpan() {
        var recent = RecentUsage(span: .seconds(30))
        for index in 1...5 {
            recent.add(
                ["a": usage(5), "b": usage(1)], end: Timestamp(seconds: Int64(index * 10)), length: .seconds(10))
        }
        #expect(recent.covered() == .seconds(30))
        #expect(recent.usage(of: ["a"]).busySeconds == 15)
        #expect(recent.load(of: ["a", "b"]) == Load(0.6))
        #expect(recent.usage(of: ["a"], since: Timestamp(seconds: 40)).busySeconds == 5)
    }

    @Test func knowsNothingBeforeTheFirstMeasurement() {
        #expect(RecentUsage(span: .seconds(30)).load(of: ["a"]) == .zero)
    }
}

@Suite struct LoadWindowTests {
    private let start = Timestamp(seconds: 3000)

    private func window() -> LoadWindow {
        LoadWindow(
            step: .seconds(300), span: .seconds(86_400),
            history: ["a": LoadSeries(start: start - .seconds(300), step: .seconds(300), values: [2])])
    }

    @Test func aStepEntersWhenItHasEnded() {
        var window = window()
        for minute in 1...4 { window.add(["a": usage(60)], end: start + .seconds(60 * minute), length: .seconds(60)) }
        #expect(window.series["a"]?.values == [2])
        window.add(["a": usage(60)], end: start + .seconds(300), length: .seconds(60))
        #expect(window.series["a"]?.values == [2, 1])
    }

    @Test func aStepOfWhichMostWasNotMeasuredIsMissing() {
        var window = window()
        window.add(["a": usage(60)], end: start + .seconds(60), length: .seconds(60))
        window.add(["a": usage(60)], end: start + .seconds(660), length: .seconds(60))
        for minute in 12...15 { window.add(["a": usage(60)], end: start + .seconds(60 * minute), length: .seconds(60)) }
        let values = window.series["a"]?.values ?? []
        #expect(values.count == 4)
        #expect(values[1].isNaN && values[2].isNaN && values[3] == 1)
    }
}

@Suite struct ForecastRoundTests {
    @Test func aForecastIsStaleWhenTwoAreOverdue() {
        let start = Timestamp(seconds: 900_000)
        let round = ForecastRound(
            issuedAt: start, took: .zero, step: .seconds(300), segments: [:], instances: [:], placement: [:])
        #expect(!round.isStale(at: start + .seconds(900), every: .seconds(300)))
        #expect(round.isStale(at: start + .seconds(901), every: .seconds(300)))
        #expect(!round.isStale(at: start + .seconds(2100), every: .seconds(900)))
    }
}

@Suite struct ClusterClockTests {
    @Test func waitsUntilItIsStarted() {
        let start = Timestamp(seconds: 1_000_000)
        let clock = ClusterClock(waitingAt: start, acceleration: 1000)
        #expect(clock.now() == start)
        clock.start()
        #expect(clock.now() >= start)
        #expect(clock.realTime(of: .seconds(1000)) == .seconds(1))
        #expect(clock.clusterTime(of: .seconds(1)) == .seconds(1000))
    }
}
