import ClusterModel
import Forecasting
import Simulation
import Testing

@testable import Backtest

struct SegmentLoadsTests {
    private let start = Timestamp(seconds: 1_700_006_400)

    private func series(_ values: [Double], step: Int = 300) -> LoadSeries {
        LoadSeries(start: start, step: .seconds(step), values: values)
    }

    @Test func spreadingOneSeriesKeepsItsSum() {
        let total = (0..<500).map { Double(100 + $0 % 50) }
        let loads = SegmentLoads([("site", series(total))], skew: .init(), seed: 3)
        #expect(loads.series.count == 24)
        for index in [0, 17, 499] {
            let sum = loads.series.reduce(0) { $0 + $1.load.values[index] }
            #expect(abs(sum - total[index]) < 1e-9)
        }
        let means = loads.series.map { $0.load.values.reduce(0, +) / 500 }
        #expect(means[0] > 1.5 * means[23], "the first is the largest")
        #expect(Set(loads.series.map { ($0.load.values[0] / $0.load.values[499] * 1000).rounded() }).count > 10)
    }

    @Test func severalSeriesStayAsTheyAre() {
        let loads = SegmentLoads([("a", series([1, 2, 3])), ("b", series([4, 5, 6]))], skew: .init(), seed: 1)
        #expect(loads.series.map(\.segment) == ["a", "b"])
        #expect(loads.truth.total(at: start + .seconds(450)) == 7)
    }

    @Test func theWorldGoesOnWhereAReadingIsMissingAndTheForecastSeesTheGap() {
        var values = (0..<600).map { Double($0 % 288 + 1) }
        values[400] = .nan
        let loads = SegmentLoads([("a", series(values)), ("b", series(values))], skew: .init(), seed: 1)
        #expect(loads.series[0].load.values[400].isNaN)
        #expect(loads.truth.load(of: "a", at: start + .seconds(400 * 300 + 150)) == values[112])
    }

    @Test func coarseRecordsAreJoinedByLines() {
        let loads = SegmentLoads(
            [("a", series([0, 12, 24], step: 3600)), ("b", series([1, 1, 1], step: 3600))], skew: .init(), seed: 1)
        let values = loads.series[0].load.values
        #expect(values.count == 36)
        // The middles of hours keep their values; a third of the way between them lies a third of the difference.
        #expect(abs((values[5] + values[6]) / 2 - 0.5) < 0.51)
        #expect(abs(values[18] - 12.5) < 1e-9 && values[35] == 24)
    }

    @Test func eventsOfOneSeriesConcernAllThatItWasSpreadOver() {
        let event = ScheduledEvent(
            kind: "match", label: "final", start: start, end: start + .seconds(60), segments: ["site"], uplift: 3)
        let other = ScheduledEvent(
            kind: "match", label: "else", start: start, end: start + .seconds(60), segments: ["shop"])
        let loads = SegmentLoads([("site", series([1, 2]))], skew: .init(), seed: 1)
        let events = loads.events(of: [event, other])
        #expect(events.map(\.label) == ["final"] && events[0].segments == nil && events[0].uplift == 3)
        let several = SegmentLoads([("a", series([1])), ("b", series([1]))], skew: .init(), seed: 1)
        #expect(several.events(of: [event, other]) == [event, other])
    }
}
