import ClusterModel
import Testing

@testable import Forecasting

private let start = Timestamp("2024-01-01T00:00:00Z")!
private func series(_ values: [Double], at offset: Int = 0, step: Int = 60) -> LoadSeries {
    LoadSeries(start: start + .seconds(offset), step: .seconds(step), values: values)
}
private func shown(_ series: LoadSeries?) -> [Double]? { series?.values.map { $0.isNaN ? -1 : $0 } }

@Suite struct LoadSeriesTests {
    @Test func infinityIsMissing() {
        var load = series([1, .infinity, .nan])
        load.append(-.infinity)
        #expect(shown(load) == [1, -1, -1, -1])
        #expect(load.presentCount == 1)
        #expect(load[start] == 1)
        #expect(load[start + .seconds(60)] == nil)
        #expect(load[start - .seconds(1)] == nil)
    }

    @Test func windowsMayReachBeyondTheSeries() {
        let load = series([1, 2, 3])
        #expect(shown(load.window(from: start - .seconds(60), to: start + .seconds(240))) == [-1, 1, 2, 3, -1])
        #expect(shown(load.window(from: start + .seconds(60), to: start + .seconds(120))) == [2])
        #expect(shown(load.window(from: start + .seconds(600), to: start + .seconds(720))) == [-1, -1])
        #expect(shown(load.window(from: start + .seconds(60), to: start)) == [])
    }

    @Test func resamplingIsTheMeanOfWholeSteps() throws {
        #expect(shown(try series([1, 3, 5, 7]).resampled(to: .seconds(120))) == [2, 6])
        #expect(shown(try series([1, .nan, 5, 7]).resampled(to: .seconds(120))) == [-1, 6])
        #expect(shown(try series([1, .nan, 5, 7]).resampled(to: .seconds(120), missingTolerated: 0.5)) == [1, 6])
        #expect(shown(try series([3, 5, 7], at: 60).resampled(to: .seconds(120))) == [-1, 6])
        #expect(throws: LoadSeriesError.self) { try series([1]).resampled(to: .seconds(90)) }
    }

    @Test func sumsKeepMissingMissingUnlessTolerated() throws {
        let parts = [series([1, 2, .nan]), series([10, 20, 30, 40], at: 60)]
        #expect(shown(try LoadSeries.sum(parts)) == [-1, 12, -1, -1, -1])
        #expect(shown(try LoadSeries.sum(parts, missingMembersTolerated: 1)) == [1, 12, 20, 30, 40])
        #expect(shown(try LoadSeries.sum([series([.nan])], missingMembersTolerated: 1)) == [-1])
        #expect(try LoadSeries.sum([]) == nil)
        #expect(throws: LoadSeriesError.self) { try LoadSeries.sum([series([1]), series([1], step: 300)]) }
    }
}

extension LoadSeries: Equatable {
    public static func == (a: LoadSeries, b: LoadSeries) -> Bool { a.start == b.start && shown(a) == shown(b) }
}
