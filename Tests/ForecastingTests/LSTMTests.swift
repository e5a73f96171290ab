import ClusterModel
import Foundation
import Testing

@testable import Forecasting

private let monday = Timestamp("2024-01-01T00:00:00Z")!
private let hour = Duration.seconds(3600)

private func history(
    _ values: [Double],
    events: [ScheduledEvent] = [],
    scale: LoadScale? = nil,
    notTeaching: Set<Int> = []
) -> SubjectHistory {
    let grid = StepGrid(step: hour, utcOffset: .zero)
    let series = LoadSeries(start: monday, step: hour, values: values)
    return SubjectHistory(
        grid: grid,
        scale: scale ?? .logarithmic(for: values),
        events: EventWindow.windows(of: events, profile: EventProfile(), grid: grid),
        series: series,
        notTeaching: Set(notTeaching.map { $0 + series.firstStep })
    )
}

/// Small enough for a debug build.
private func small(iterations: Int = 120, _ change: (inout LSTMTraining) -> Void = { _ in }) -> LSTM {
    var model = LSTM()
    model.units = 8
    model.training.iterations = iterations
    model.training.iterationsOnward = 20
    model.training.context = 12
    model.training.windowsPerBatch = 16
    model.training.heldOutWindowsMax = 48
    change(&model.training)
    return model
}

private func end(_ history: SubjectHistory) -> Int { history.steps.upperBound - 1 }

private func daily(_ days: Int, level: Double = 300, noise: Double = 3, seed: UInt64 = 5) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<days * 24).map {
        level * (1 + 0.5 * sin(2 * .pi * Double($0) / 24)) + Double.random(in: -noise...noise, using: &generator)
    }
}

@Suite struct LSTMTests {
    @Test func learnsADay() throws {
        let values = daily(22)
        let whole = history(values)
        let cut = end(whole) - 48
        let fit = try small().fit(whole, through: cut, horizon: 6)
        let origins = Array(cut..<cut + 42)
        var (missed, still, seen) = (0.0, 0.0, 0.0)
        for (origin, path) in zip(origins, fit.paths(whole, from: origins)) {
            for (ahead, load) in path.enumerated() {
                missed += abs(load - whole.load(origin + 1 + ahead))
                still += abs(whole.load(origin) - whole.load(origin + 1 + ahead))
                seen += whole.load(origin + 1 + ahead)
            }
        }
        #expect(missed < 0.06 * seen && missed < 0.25 * still, "missed \(missed / seen), still \(still / seen)")
    }

    @Test func saysTheSameEachTime() throws {
        let history = history(daily(8))
        let paths = try (0..<2).map { _ in
            try small(iterations: 20).fit(history, through: end(history), horizon: 4)
                .paths(history, from: [end(history)])
        }
        #expect(paths[0] == paths[1])
        let other = try small(iterations: 20) { $0.seed = 2 }.fit(history, through: end(history), horizon: 4)
        #expect(other.paths(history, from: [end(history)]) != paths[0])
    }

    /// Also what was learned must not depend on what came later.
    @Test func readsNothingAfterTheOrigin() throws {
        let values = daily(16)
        let known = history(Array(values[..<300]))
        var later = values
        for index in 300..<later.count { later[index] *= 7 }
        let whole = history(later, scale: known.scale)
        let last = end(known)
        let model = small(iterations: 20)
        let fromKnown = try model.fit(known, through: last, horizon: 30).paths(known, from: [last])[0]
        let fit = try model.fit(whole, through: last, horizon: 30)
        let fromWhole = fit.paths(whole, from: [last - 30, last, last + 20])[1]
        #expect(fromKnown.count == 30)
        for (one, other) in zip(fromKnown, fromWhole) { #expect(abs(one - other) < 1e-4 * one) }
    }

    @Test func pathsInABatchAreThoseOfEachOrigin() throws {
        let history = history(daily(10))
        let model = small(iterations: 10).trained(on: [(history, end(history))], horizon: 4)
        let fit = try model.fit(history, through: end(history), horizon: 4)
        let origins = Array(end(history) - 30...end(history))
        let together = fit.paths(history, from: origins)
        for (origin, path) in zip(origins, together) {
            let alone = fit.paths(history, from: [origin])[0]
            for (one, other) in zip(path, alone) { #expect(abs(one - other) < 1e-4 * one) }
        }
    }

    @Test func learnsWhatAnEventDoes() throws {
        let days = [2, 4, 5, 8, 10, 13, 15, 18, 20, 21]
        let events = days.map { day in
            let start = monday + .seconds(86400 * day + 3600 * 6)
            return ScheduledEvent(kind: "sale", label: "", start: start, end: start + .seconds(6 * 3600))
        }
        var values = daily(22)
        for day in days { for index in day * 24 + 6..<day * 24 + 12 { values[index] *= 3 } }
        let informed = history(values, events: events)
        let uninformed = history(values)
        // Four in the morning of the last sale, which nothing was learned from.
        let (cut, origin) = (20 * 24 - 1 + informed.steps.lowerBound, 21 * 24 + 4 + informed.steps.lowerBound)
        func missed(_ history: SubjectHistory) throws -> Double {
            let fit = try small().fit(history, through: cut, horizon: 4)
            let path = fit.paths(history, from: [origin])[0]
            return (1..<4).reduce(0) { $0 + abs(path[$1] - history.load(origin + 1 + $1)) }
        }
        let (with, without) = (try missed(informed), try missed(uninformed))
        #expect(with < 0.6 * without, "missed \(with) with events, \(without) without")
    }

    @Test func gapsAreNoZeros() throws {
        var values = daily(22)
        for index in 100..<130 { values[index] = .nan }
        for index in stride(from: 200, to: values.count, by: 7) { values[index] = .nan }
        let damaged = history(values)
        let path = try small().fit(damaged, through: end(damaged), horizon: 3).paths(damaged, from: [end(damaged)])[0]
        for (ahead, load) in path.enumerated() {
            let expected = 300 * (1 + 0.5 * sin(2 * .pi * Double(ahead) / 24))
            #expect(abs(load - expected) < 45, "\(load) instead of \(expected)")
        }
    }

    @Test func subjectsTeachEachOther() throws {
        let taught = (0..<4).map { history(daily(12, level: 100 * Double($0 + 1), seed: UInt64($0))) }
        let model = small().trained(on: taught.map { ($0, end($0)) }, horizon: 4)
        // Two days old: too new to learn alone.
        let new = history(daily(2, level: 5000, noise: 20, seed: 9))
        #expect(throws: FitRefusal.self) { try small().fit(new, through: end(new), horizon: 4) }
        let path = try model.fit(new, through: end(new), horizon: 4).paths(new, from: [end(new)])[0]
        for (ahead, load) in path.enumerated() {
            let expected = 5000 * (1 + 0.5 * sin(2 * .pi * Double(ahead) / 24))
            #expect(abs(load - expected) < 0.12 * expected, "\(load) instead of \(expected)")
        }
    }

    @Test func goesOnFromWhatItKnew() throws {
        let first = history(daily(12))
        let model = small().trained(on: [(first, end(first))], horizon: 4)
        let before = try #require(model.network)
        #expect(model.trained(on: [], horizon: 4).network == before)
        let short = history([1, 2, 3])
        #expect(model.trained(on: [(short, end(short))], horizon: 4).network == before)
        // Twenty batches more of the same change it, but do not start anew.
        let onward = try #require(model.trained(on: [(first, end(first))], horizon: 4).network)
        let change = zip(onward.weights, before.weights).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        #expect(change < 0.1)
        // Another horizon is another network, and one asked further than it learned learns for itself.
        #expect(model.trained(on: [(first, end(first))], horizon: 6).network?.shape.horizon == 6)
        #expect(try model.fit(first, through: end(first), horizon: 6).paths(first, from: [end(first)])[0].count == 6)
        #expect(try model.fit(first, through: end(first), horizon: 2).paths(first, from: [end(first)])[0].count == 2)
    }

    @Test func saysWhyItDoesNotLearn() {
        let short = history(Array(repeating: 5, count: 12))
        #expect(throws: FitRefusal.tooShort(days: 0.5, needed: 3)) {
            try small().fit(short, through: end(short), horizon: 4)
        }
        let long = history(daily(10))
        #expect(throws: FitRefusal.horizonTooLong(steps: 289, most: 288)) {
            try small().fit(long, through: end(long), horizon: 289)
        }
        let empty = history(Array(repeating: .nan, count: 100))
        #expect(throws: FitRefusal.self) { try small().fit(empty, through: end(empty), horizon: 4) }
    }

    @Test(arguments: [LoadScale.linear, nil])
    func pathsAreLoadsWhateverTheHistory(scale: LoadScale?) throws {
        let shapes: [(Int) -> Double] = [
            { _ in 0 }, { _ in 7 }, { _ in 1e308 }, { Double($0) * 1e304 }, { Double($0) * 1e-300 },
            { $0 == 100 ? 1e200 : 0 }, { max(0, 1000 - 10 * Double($0)) },
            { $0 % 2 == 0 ? 0 : .greatestFiniteMagnitude },
        ]
        for shape in shapes {
            let history = history((0..<6 * 24).map(shape), scale: scale)
            let fit = try small(iterations: 5).fit(history, through: end(history), horizon: 3)
            for path in fit.paths(history, from: [end(history) - 5, end(history)]) {
                #expect(path.count == 3 && path.allSatisfy { $0 >= 0 && $0.isFinite || $0.isNaN })
            }
        }
    }

    @Test func isSilentWithoutAnyLoad() throws {
        let taught = history(daily(12))
        let model = small(iterations: 5).trained(on: [(taught, end(taught))], horizon: 4)
        let fit = try model.fit(taught, through: end(taught), horizon: 4)
        let path = fit.paths(taught, from: [taught.steps.lowerBound - 1])[0]
        #expect(path.count == 4 && path.allSatisfy(\.isNaN))
    }
}
