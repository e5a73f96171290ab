import ClusterModel
import Foundation
import Testing

@testable import Forecasting

@Suite struct CombinationTests {
    private static let horizon = 8
    private let grid = StepGrid(step: .seconds(300), utcOffset: .zero)

    private func history(_ values: [Double], events: [EventWindow] = []) -> SubjectHistory {
        let series = LoadSeries(start: Timestamp(seconds: 0), step: .seconds(300), values: values)
        return SubjectHistory(grid: grid, scale: .linear, events: events, series: series)
    }

    /// A track whose paths always missed by `miss`.
    private func track(_ history: SubjectHistory, missing miss: Double, origins: Int = 60) -> ModelTrack {
        var track = ModelTrack(SeasonalNaive(.none), horizon: Self.horizon)
        track.learn(history, through: history.steps.upperBound - 1)
        for origin in 0..<origins {
            track.record.settle(origin, history: history, keeping: 10_000)
            let path = (1...Self.horizon).map { history.load(origin + $0) + miss }
            track.record.issue(path, origin: origin, history: history, noise: 0)
        }
        return track
    }

    private var wave: [Double] { (0..<200).map { 50 + Double($0 * 37 % 11) } }

    private func weights(_ tracks: [ModelTrack], ahead: Int = 4) -> [Double] {
        Combination(tracks).weights(tracks[0].record.losses, ahead: ahead, phase: .quiet)
    }

    @Test func whoMissesLessWeighsMore() {
        let history = history(wave)
        let weights = weights([track(history, missing: 12), track(history, missing: 10), track(history, missing: 40)])
        #expect(weights[1] > weights[0] && weights[0] > 0)
        #expect(weights[2] == 0, "too small a share says nothing")
        #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
    }

    @Test func equalsWeighTheSame() {
        let history = history(wave)
        let weights = weights([track(history, missing: 5), track(history, missing: 5)])
        #expect(weights.allSatisfy { abs($0 - 0.5) < 1e-12 })
    }

    @Test func withoutARecordTheSimplestSpeaks() {
        let history = history(wave)
        #expect(weights([track(history, missing: 0, origins: 3), track(history, missing: 9, origins: 3)]) == [0, 1])
        let unlearned = ModelTrack(Spar(), horizon: Self.horizon)
        #expect(weights([track(history, missing: 1, origins: 3), unlearned]) == [1, 0])
        #expect(weights([unlearned]) == [0])
    }

    @Test func thePathIsTheWeightedMean() {
        let history = history(wave)
        let tracks = [track(history, missing: 10), track(history, missing: 10)]
        let paths = [Array(repeating: 20.0, count: Self.horizon), Array(repeating: 40, count: Self.horizon)]
        let path = Combination(tracks).path(paths, origin: 100, tracks[0].record.losses, history)
        #expect(path.allSatisfy { abs($0 - 30) < 1e-9 })
    }

    @Test func whereOneIsSilentTheOthersSpeak() {
        let history = history(wave)
        let tracks = [track(history, missing: 1), track(history, missing: 30)]
        var first = Array(repeating: 20.0, count: Self.horizon)
        first[3] = .nan
        let combination = Combination(tracks)
        let path = combination.path(
            [first, Array(repeating: 40, count: Self.horizon)], origin: 100, tracks[0].record.losses, history)
        #expect(path[3] == 40 && path[2] == 20)
        let silent = Array(repeating: Double.nan, count: Self.horizon)
        let none = combination.path([silent, silent], origin: 100, tracks[0].record.losses, history)
        #expect(none.allSatisfy { $0.isNaN })
    }
}

@Suite struct RidgeOnLagsTests {
    private let grid = StepGrid(step: .seconds(300), utcOffset: .zero)

    private func history(days: Int, _ load: (Int) -> Double) -> SubjectHistory {
        let values = (0..<days * 288).map(load)
        let series = LoadSeries(start: Timestamp(seconds: 0), step: .seconds(300), values: values)
        return SubjectHistory(grid: grid, scale: .linear, events: [], series: series)
    }

    @Test func aLinearRecurrenceIsFoundOut() throws {
        // A sine obeys y(t+1) = 2 cos(w) y(t) - y(t-1).
        let history = history(days: 6) { 100 + 30 * sin(Double($0) * 0.05) }
        let fit = try RidgeOnLags().fit(history, through: 5 * 288, horizon: 12)
        let path = fit.paths(history, from: [5 * 288])[0]
        for (step, load) in path.enumerated() { #expect(abs(load - history.load(5 * 288 + step + 1)) < 1) }
    }

    @Test func theLevelDoesNotMatter() throws {
        func path(_ level: Double) throws -> [Double] {
            let history = history(days: 6) { level + 30 * sin(Double($0) * 0.05) + Double($0 * 31 % 7) }
            return try RidgeOnLags().fit(history, through: 5 * 288, horizon: 6).paths(history, from: [5 * 288])[0]
        }
        for (low, high) in zip(try path(100), try path(600)) { #expect(abs(high - low - 500) < 1e-3) }
    }

    @Test func nothingAfterTheOriginIsRead() throws {
        let known = history(days: 6) { 100 + Double($0 * 31 % 17) }
        let other = history(days: 6) { $0 > 5 * 288 ? 9999 : 100 + Double($0 * 31 % 17) }
        func path(_ history: SubjectHistory) throws -> [Double] {
            try RidgeOnLags().fit(history, through: 5 * 288, horizon: 6).paths(history, from: [5 * 288])[0]
        }
        let (plain, changed) = (try path(known), try path(other))
        #expect(plain == changed)
    }

    @Test(arguments: [0.0, 7.0, 1e300]) func constantsAndExtremesAreForecast(load: Double) throws {
        let history = history(days: 5) { _ in load }
        let path = try? RidgeOnLags().fit(history, through: 4 * 288, horizon: 6).paths(history, from: [4 * 288])[0]
        #expect(path.map { $0.allSatisfy { $0.isFinite && $0 >= 0 } } ?? true)
    }

    @Test func aShortHistoryIsRefused() {
        let history = history(days: 1) { Double($0) }
        #expect(throws: FitRefusal.self) { try RidgeOnLags().fit(history, through: 287, horizon: 6) }
    }
}
