import ClusterModel
import Foundation
import Testing

@testable import Forecasting

private let monday = Timestamp("2024-01-01T00:00:00Z")!
private let hour = Duration.seconds(3600)

private func history(
    _ values: [Double],
    step: Duration = hour,
    start: Timestamp = monday,
    events: [ScheduledEvent] = [],
    notTeaching: Set<Int> = []
) -> SubjectHistory {
    let grid = StepGrid(step: step, utcOffset: .zero)
    let series = LoadSeries(start: start, step: step, values: values)
    return SubjectHistory(
        grid: grid,
        scale: .logarithmic(for: values),
        events: EventWindow.windows(of: events, profile: EventProfile(), grid: grid),
        series: series,
        notTeaching: Set(notTeaching.map { $0 + series.firstStep })
    )
}

private func plain(_ change: (inout Prophet) -> Void = { _ in }) -> Prophet {
    var model = Prophet.asPublished
    change(&model)
    return model
}

/// The path from the end of the history.
private func path(_ model: Prophet, _ history: SubjectHistory, horizon: Int = 48) throws -> [Double] {
    let end = history.steps.upperBound - 1
    return try #require(model.fit(history, through: end, horizon: horizon).paths(history, from: [end]).first)
}

private func decomposed(_ model: Prophet, _ history: SubjectHistory) throws -> ProphetFit {
    try model.decomposed(history, through: history.steps.upperBound - 1, horizon: 24)
}

/// Four weeks of hours with a slope, a day and a week.
private func truth(_ index: Int) -> Double {
    let day = Double(index) / 24
    return 300 + 4 * day + 60 * sin(2 * .pi * day) + 25 * cos(4 * .pi * day) + 30 * sin(2 * .pi * day / 7)
}

private func noisy(_ count: Int, deviation: Double, _ load: (Int) -> Double) -> [Double] {
    var generator = SeededGenerator(seed: 11)
    return (0..<count).map { load($0) + deviation * Double.random(in: -1.7...1.7, using: &generator) }
}

@Suite struct ProphetPosteriorTests {
    private static func posterior() throws -> ProphetPosterior {
        var generator = SeededGenerator(seed: 3)
        let rows = 40
        let matrix = (0..<6 * rows).map { _ in Double.random(in: -1...1, using: &generator) }
        let squares = matrix[(5 * rows)...].reduce(0) { $0 + $1 * $1 }
        let equations = NormalEquations(columns: 5, rows: rows, matrix: matrix, totalWeight: Double(rows))
        return try #require(
            ProphetPosterior(equations, squares: squares, observations: rows, priorScales: [5, 5, 10])
        )
    }

    @Test func theGradientIsThatOfTheValue() throws {
        let posterior = try Self.posterior()
        let (ramps, logNoise, width) = ([0.3, -0.2], -0.7, 1e-5)
        func value(_ a: Double, _ b: Double, _ noise: Double) -> Double {
            posterior.value(ramps: [ramps[0] + a, ramps[1] + b], logNoise: logNoise + noise).value
        }
        let gradient = posterior.value(ramps: ramps, logNoise: logNoise)
        let numeric = [
            value(width, 0, 0) - value(-width, 0, 0), value(0, width, 0) - value(0, -width, 0),
            value(0, 0, width) - value(0, 0, -width),
        ].map { $0 / (2 * width) }
        for (exact, estimate) in zip(gradient.rampGradient + [gradient.noiseGradient], numeric) {
            #expect(abs(exact - estimate) < 1e-5 * max(1, abs(exact)))
        }
    }

    /// Against the definition, with every residual written out.
    @Test func theValueIsThePosteriorAtTheBestSmoothColumns() throws {
        var generator = SeededGenerator(seed: 3)
        let rows = 40
        let matrix = (0..<6 * rows).map { _ in Double.random(in: -1...1, using: &generator) }
        let (ramps, noise, scales) = ([0.3, -0.2], 0.5, [5.0, 5, 10])
        let posterior = try Self.posterior()
        func negativeLogPosterior(_ smooth: [Double]) -> Double {
            let residual = (0..<rows).reduce(0.0) { sum, row in
                let said = zip(smooth + ramps, 0..<5).reduce(0) { $0 + $1.0 * matrix[$1.1 * rows + row] }
                let error = matrix[5 * rows + row] - said
                return sum + error * error + ProphetPosterior.noiseFloor * ProphetPosterior.noiseFloor
            }
            let prior = zip(smooth, scales).reduce(0) { $0 + $1.0 * $1.0 / ($1.1 * $1.1) / 2 }
            return Double(rows) * log(noise) + residual / (2 * noise * noise) + prior + noise * noise / 2 / 0.25
        }
        let best = posterior.smoothCoefficients(ramps: ramps, noise: noise)
        let value = negativeLogPosterior(best)
        #expect(abs(posterior.value(ramps: ramps, logNoise: log(noise)).value - value) < 1e-9)
        for column in best.indices {
            for change in [-1e-3, 1e-3] {
                var other = best
                other[column] += change
                #expect(negativeLogPosterior(other) > value)
            }
        }
    }

    /// At the mode no slope change that is zero wants to move, and the others stand still.
    @Test func theModeMeetsItsConditions() throws {
        let posterior = try Self.posterior()
        let mode = try #require(ProphetMode(posterior, changepointPriorScale: 0.05))
        let gradient = posterior.value(ramps: mode.ramps, logNoise: log(mode.noise))
        #expect(abs(gradient.noiseGradient) < 1e-2)
        for (ramp, slope) in zip(mode.ramps, gradient.rampGradient) {
            #expect(ramp == 0 ? abs(slope) <= 20.01 : abs(slope + (ramp > 0 ? 20 : -20)) < 1e-2)
        }
    }
}

@Suite struct ProphetTests {
    @Test func continuesTrendDayAndWeek() throws {
        let path = try path(plain(), history(noisy(28 * 24, deviation: 3, truth)))
        for (index, load) in path.enumerated() { #expect(abs(load - truth(28 * 24 + index)) < 4) }
    }

    @Test func aTurnOfTheTrendIsFoundWhereItIs() throws {
        let turn = 12 * 24
        func load(_ index: Int) -> Double { 200 + 0.5 * Double(index) - 0.8 * Double(max(0, index - turn)) }
        let history = history(noisy(28 * 24, deviation: 2, load))
        let fit = try decomposed(plain(), history)
        let turned = zip(fit.design.changepoints, fit.mode.ramps).filter { $0.0 > 0.35 && $0.0 < 0.51 }
        let inAll = fit.mode.ramps.reduce(0) { $0 + abs($1) }
        #expect(turned.reduce(0) { $0 + abs($1.1) } > 0.8 * inAll)
        let path = try path(plain(), history)
        for (index, said) in path.enumerated() { #expect(abs(said - load(28 * 24 + index)) < 6) }
    }

    @Test func aFlatTrendStaysFlat() throws {
        let history = history((0..<14 * 24).map { 100 + 2 * Double($0) })
        let flat = try path(
            plain {
                $0.growth = .flat
                $0.seasonalities = []
            }, history)
        #expect(Set(flat).count == 1 && abs(flat[0] - 435) < 1)
        #expect(try decomposed(plain { $0.growth = .flat }, history).mode.ramps.isEmpty)
    }

    @Test func anEventComesBack() throws {
        let events = [3, 8, 12, 17, 22, 28].map { day in
            let start = monday + .seconds(86400 * day + 3600 * 6)
            return ScheduledEvent(kind: "sale", label: "", start: start, end: start + .seconds(4 * 3600))
        }
        func load(_ index: Int) -> Double {
            let isSale = [3, 8, 12, 17, 22, 28].contains(index / 24) && (6..<10).contains(index % 24)
            return 300 + 20 * sin(2 * .pi * Double(index) / 24) + (isSale ? 150 : 0)
        }
        let history = history(noisy(28 * 24, deviation: 2, load), events: events)
        let informed = try path(plain(), history)
        let uninformed = try path(plain { $0.usesEvents = false }, history)
        for index in 6..<10 { #expect(abs(informed[index] - load(28 * 24 + index)) < 15) }
        #expect(uninformed[8] < 400)
    }

    @Test func aRegressorMovesTheLoadInProportion() throws {
        var generator = SeededGenerator(seed: 5)
        let known = (0..<30 * 24).map { _ in Double.random(in: 0...50, using: &generator) }
        let values = noisy(28 * 24, deviation: 1) { 200 + 3 * known[$0] }
        let regressor = Prophet.Regressor(LoadSeries(start: monday, step: hour, values: known))
        let said = try path(plain { $0.regressors = [regressor] }, history(values))
        for (index, load) in said.enumerated() { #expect(abs(load - 200 - 3 * known[28 * 24 + index]) < 3) }
    }

    @Test func gapsAndAnomaliesTeachNothing() throws {
        var values = noisy(28 * 24, deviation: 3, truth)
        let whole = history(values)
        for index in 100..<180 { values[index] = .nan }
        for index in 400..<430 { values[index] = 5_000 }
        let damaged = history(values, notTeaching: Set(400..<430))
        let (a, b) = (try path(plain(), whole), try path(plain(), damaged))
        for (one, other) in zip(a, b) { #expect(abs(one - other) < 4) }
    }

    @Test func theAutoregressionFollowsTheLastSteps() throws {
        var generator = SeededGenerator(seed: 2)
        var drift = 0.0
        let values = (0..<28 * 24).map { index in
            drift = 0.97 * drift + Double.random(in: -8...8, using: &generator)
            return truth(index) + drift
        }
        let history = history(values)
        let cut = history.steps.upperBound - 73
        func error(_ model: Prophet) throws -> Double {
            let fit = try model.fit(history, through: cut, horizon: 2)
            let origins = Array(cut..<history.steps.upperBound - 3)
            return zip(origins, fit.paths(history, from: origins)).reduce(0) {
                $0 + abs($1.1[0] - history.load($1.0 + 1))
            }
        }
        #expect(try error(plain { $0.residualAutoregression = true }) < 0.7 * error(plain()))
    }

    @Test func readsNothingAfterTheOrigin() throws {
        let values = noisy(28 * 24, deviation: 5, truth)
        let known = history(Array(values[..<600]))
        let end = known.steps.upperBound - 1
        let fit = try Prophet().fit(known, through: end, horizon: 6)
        let fromKnown = fit.paths(known, from: [end])[0]
        let fromWhole = fit.paths(history(values), from: [end - 30, end, end + 10])[1]
        #expect(zip(fromKnown, fromWhole).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test func saysWhyItDoesNotLearn() {
        let short = history(Array(repeating: 5, count: 12))
        #expect(throws: FitRefusal.tooShort(days: 0.5, needed: 2)) { _ = try path(plain(), short) }
        let empty = history(Array(repeating: .nan, count: 100))
        #expect(throws: FitRefusal.self) { _ = try path(Prophet(), empty) }
        let sparse = history((0..<100).map { $0 % 10 == 0 ? 1 : .nan })
        #expect(throws: FitRefusal.tooFewMeasured(steps: 10, needed: 48)) { _ = try path(Prophet(), sparse) }
    }

    @Test(arguments: [true, false], [true, false])
    func pathsAreLoadsWhateverTheHistory(autoregression: Bool, historyScale: Bool) throws {
        let shapes: [(Int) -> Double] = [
            { _ in 0 }, { _ in 7 }, { _ in 1e308 }, { Double($0) * 1e304 }, { Double($0) * 1e-300 },
            { $0 == 300 ? 1e200 : 0 }, { max(0, 1000 - 4 * Double($0)) },
            { $0 % 2 == 0 ? 0 : .greatestFiniteMagnitude },
        ]
        for shape in shapes {
            let history = history((0..<16 * 24).map(shape))
            let model = plain {
                $0.residualAutoregression = autoregression
                $0.usesHistoryScale = historyScale
            }
            #expect(try path(model, history).allSatisfy { $0.isFinite && $0 >= 0 })
            let fit = try decomposed(model, history)
            let quantiles = fit.simulatedQuantiles([0.1, 0.9], history, from: history.steps.upperBound - 1, draws: 20)
            #expect(quantiles.joined().allSatisfy { $0.isFinite && $0 >= 0 })
        }
    }

    @Test func simulatedQuantilesHoldTheNoiseAndWiden() throws {
        let history = history(noisy(28 * 24, deviation: 10, truth))
        let fit = try decomposed(plain(), history)
        let origin = history.steps.upperBound - 1
        let said = fit.simulatedQuantiles([0.1, 0.5, 0.9], history, from: origin)
        #expect(said == fit.simulatedQuantiles([0.1, 0.5, 0.9], history, from: origin))
        // The deviation of the noise is 1.7 / sqrt(3) of its half-width: 9.8; 80 % of a normal are 2.56 of them.
        #expect(abs(said[0][2] - said[0][0] - 2.56 * 9.8) < 4)
        #expect(said.allSatisfy { $0[0] < $0[1] && $0[1] < $0[2] })
        #expect(said[23][2] - said[23][0] > 0.9 * (said[0][2] - said[0][0]))
    }
}

/// Against the Python package, whose forecasts Benchmarks/prophet_reference.py wrote down.
@Suite struct ProphetReferenceTests {
    private struct Row {
        let at: Timestamp
        let load: Double
        let said: Double
    }

    private static func rows(_ series: String) throws -> [Row] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Golden/prophet.csv").path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields[0] == series else { return nil }
            return Row(
                at: try #require(Timestamp(String(fields[1]))),
                load: Double(fields[2]) ?? .nan,
                said: try #require(Double(fields[3]))
            )
        }
    }

    /// Both are modes of the same posterior, found by different searches; the tolerance is a share of the series' range.
    @Test(arguments: [("synthetic", 0.005), ("worldcup98", 0.005)])
    func saysWhatThePythonPackageSays(series: String, tolerance: Double) throws {
        let rows = try Self.rows(series)
        let ahead = 48
        let known = rows.dropLast(ahead).map(\.load)
        let measured = known.filter { !$0.isNaN }
        let range = try #require(measured.max()) - (try #require(measured.min()))
        let path = try path(plain(), history(known, start: rows[0].at), horizon: ahead)
        #expect(path.count == ahead && measured.count > 400)
        for (said, row) in zip(path, rows.suffix(ahead)) {
            #expect(abs(said - max(0, row.said)) < tolerance * range, "\(row.at): \(said), Python \(row.said)")
        }
    }
}
