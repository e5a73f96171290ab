import ClusterModel
import Testing

@testable import Forecasting

private let monday = Timestamp("2024-01-01T00:00:00Z")!
private let sixHours = Duration.seconds(6 * 3600)

/// A history with four steps a day, in which scaled load and load are the same.
private func history(_ values: [Double]) -> SubjectHistory {
    SubjectHistory(
        grid: StepGrid(step: sixHours, utcOffset: .zero),
        scale: .linear,
        events: [],
        series: LoadSeries(start: monday, step: sixHours, values: values)
    )
}

private func plainSpar(ridge: Double) -> Spar {
    var spar = Spar()
    spar.lagDays = [1, 2]
    spar.comparableDays = 0
    spar.spans = [1, 2]
    spar.ridge = ridge
    spar.halfLifeDays = .infinity
    spar.originStride = 1
    spar.usesEvents = false
    return spar
}

@Suite struct NormalEquationsTests {
    @Test func solvesByHand() throws {
        // y = 1 + 2x through (0, 1), (1, 3), (2, 5).
        var equations = NormalEquations(columns: 2)
        for x in 0..<3 {
            equations.add([(0, 1), (1, Double(x))], target: 1 + 2 * Double(x), weight: 1)
        }
        let answer = try #require(equations.solved(ridge: [0, 0]))
        #expect(abs(answer[0] - 1) < 1e-6 && abs(answer[1] - 2) < 1e-6)
        #expect(abs(equations.variance(of: 1, constant: 0) - 2.0 / 3) < 1e-12)
        // Ridge 2 on the slope: 3a + 3b = 9, 3a + (5 + 2)b = 13 gives b = 1, a = 2.
        let ridged = try #require(equations.solved(ridge: [0, 2]))
        #expect(abs(ridged[0] - 2) < 1e-6 && abs(ridged[1] - 1) < 1e-6)
    }

    @Test func equalColumnsShareTheirWeight() throws {
        var equations = NormalEquations(columns: 2)
        for x in 1...3 { equations.add([(0, Double(x)), (1, Double(x))], target: Double(2 * x), weight: 1) }
        let answer = try #require(equations.solved(ridge: [0, 0]))
        #expect(abs(answer[0] + answer[1] - 2) < 1e-3)
    }

    @Test func fromRowsAndFromAMatrixAreTheSame() {
        let rows: [[Double]] = [[1, 2, 5], [1, -1, 0], [1, 4, 2]]
        var added = NormalEquations(columns: 2)
        for row in rows { added.add([(0, row[0]), (1, row[1])], target: row[2], weight: 1) }
        let matrix = (0..<3).flatMap { column in rows.map { $0[column] } }
        let built = NormalEquations(columns: 2, rows: 3, matrix: matrix, totalWeight: 3)
        #expect(added.gram == built.gram && added.rightHandSide == built.rightHandSide)
    }
}

@Suite struct SparTests {
    /// The formula of the paper, written down term by term and solved by elimination.
    @Test(arguments: [1, 2, 3])
    func equalsItsFormula(ahead: Int) throws {
        var generator = SeededGenerator(seed: 3)
        let values = (0..<100).map { _ in Double.random(in: 10...20, using: &generator) }
        let history = history(values)
        let end = history.steps.upperBound - 1
        let fit = try plainSpar(ridge: 1).fit(history, through: end, horizon: 3)
        let path = try #require(fit.paths(history, from: [end]).first)
        #expect(abs(path[ahead - 1] - dumbSpar(values, ahead: ahead)) < 1e-6)
    }

    private func dumbSpar(_ y: [Double], ahead: Int) -> Double {
        let day = 4
        func offset(_ t: Int) -> Double { y[t] - (y[t - day] + y[t - 2 * day]) / 2 }
        func weekend(_ t: Int) -> Double { (t / day) % 7 >= 5 ? 1 : 0 }
        func row(_ t: Int) -> [Double] {
            let s = t + ahead
            return [
                1, offset(t), (offset(t) + offset(t - 1)) / 2, 0, y[s - day], y[s - 2 * day], 0, weekend(s),
                weekend(s - day),
            ]
        }
        let origins = Array((2 * day + 2)...(y.count - 1 - ahead))
        let rows = origins.map(row)
        let targets = origins.map { y[$0 + ahead] }
        let size = rows[0].count
        var matrix = (0..<size).map { i in (0..<size).map { j in rows.reduce(0) { $0 + $1[i] * $1[j] } } }
        let right = (0..<size).map { i in zip(rows, targets).reduce(0) { $0 + $1.0[i] * $1.1 } }
        for i in 1..<size {
            let mean = rows.reduce(0) { $0 + $1[i] } / Double(rows.count)
            let variance = rows.reduce(0) { $0 + $1[i] * $1[i] } / Double(rows.count) - mean * mean
            matrix[i][i] += max(variance, 1e-6)
        }
        return zip(row(y.count - 1), eliminate(matrix, right)).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private func eliminate(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var rows = zip(matrix, right).map { $0 + [$1] }
        for pivot in rows.indices {
            let best = (pivot..<rows.count).max { abs(rows[$0][pivot]) < abs(rows[$1][pivot]) }!
            rows.swapAt(pivot, best)
            for other in rows.indices where other != pivot {
                let factor = rows[other][pivot] / rows[pivot][pivot]
                for column in rows[other].indices { rows[other][column] -= factor * rows[pivot][column] }
            }
        }
        return rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
    }

    @Test func aDayThatRepeatsIsForecastExactly() throws {
        let history = history((0..<120).map { [5, 9, 20, 11][$0 % 4] })
        let end = history.steps.upperBound - 1
        let path = try plainSpar(ridge: 1e-6).fit(history, through: end, horizon: 4).paths(history, from: [end])[0]
        for (forecast, expected) in zip(path, [5.0, 9, 20, 11]) { #expect(abs(forecast - expected) < 0.01) }
    }

    @Test func readsNothingAfterTheOrigin() throws {
        var generator = SeededGenerator(seed: 9)
        let values = (0..<160).map { _ in Double.random(in: 10...20, using: &generator) }
        let known = history(Array(values[..<120]))
        let whole = history(values)
        let end = known.steps.upperBound - 1
        let fromKnown = try plainSpar(ridge: 1).fit(known, through: end, horizon: 4).paths(known, from: [end])
        let fromWhole = try plainSpar(ridge: 1).fit(whole, through: end, horizon: 4).paths(whole, from: [end - 9, end])
        #expect(zip(fromKnown[0], fromWhole[1]).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    /// The last step is not in yet: what the steps before it said still stands.
    @Test func aMissingStepDoesNotMeanAsUsual() {
        func offsets(_ last: [Double]) -> [Double] {
            let history = history(Array(repeating: 10, count: 40) + last)
            let columns = SparColumns(spans: [1, 2, 4], lagSteps: [4, 8], comparableDays: 0)
            let origin = history.steps.upperBound - 1
            let inputs = SparInputs(
                history,
                effects: .none,
                origins: origin...origin,
                horizon: 1,
                lagSteps: columns.lagSteps,
                longestSpan: columns.longestSpan
            )
            var row = Array(repeating: Double.nan, count: columns.count)
            columns.writeOriginColumns(inputs, origin: origin, into: &row)
            return Array(row[1...3])
        }
        #expect(offsets([10, 10, 14, 16]) == [6, 5, 2.5])
        #expect(offsets([10, 10, 16, .nan]) == [6, 6, 2])
        #expect(offsets([12, 16, .nan, .nan]) == [4, 4, 4])
        #expect(offsets([.nan, .nan, .nan, .nan]) == [0, 0, 0])
    }

    @Test func saysWhyItDoesNotLearn() {
        let short = history([1, 2, 3])
        #expect(throws: FitRefusal.tooShort(days: 0.75, needed: 3)) {
            _ = try plainSpar(ridge: 1).fit(short, through: short.steps.upperBound - 1, horizon: 4)
        }
        let empty = history(Array(repeating: .nan, count: 100))
        #expect(throws: FitRefusal.self) {
            _ = try plainSpar(ridge: 1).fit(empty, through: empty.steps.upperBound - 1, horizon: 4)
        }
        let long = history(Array(repeating: 1, count: 100))
        #expect(throws: FitRefusal.horizonTooLong(steps: 5, most: 4)) {
            _ = try plainSpar(ridge: 1).fit(long, through: long.steps.upperBound - 1, horizon: 5)
        }
    }

    @Test func noiseTakesWeightFromTheLastValue() {
        let columns = SparColumns(spans: [1, 2], lagSteps: [4], comparableDays: 0)
        let terms = columns.noiseTerms(variance: 2, weight: 10)
        #expect(terms.map(\.amount) == [20, 10, 10, 10])
        #expect(columns.noiseTerms(variance: 0, weight: 10).isEmpty)
    }
}
