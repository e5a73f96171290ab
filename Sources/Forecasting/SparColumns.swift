// The columns of SPAR's regression. Those that depend on the origin alone come first, so that all horizon steps share
// them: the constant, the offsets of the last steps, the effect of events now. Then those of the target step.

/// Which column means what.
struct SparColumns: Sendable {
    /// Means over so many last steps; ascending.
    let spans: [Int]
    let lagSteps: [Int]
    /// How many comparable days back are read too: workdays before a workday, weekend days before a weekend day.
    let comparableDays: Int

    private static let constant = 0
    private static let leastVariance = 1e-6

    var longestSpan: Int { spans.max() ?? 0 }
    /// Measured steps before an origin that its row needs.
    var reach: Int { (lagSteps.max() ?? 0) + longestSpan }
    var originCount: Int { 1 + spans.count + 1 }
    var count: Int { originCount + lagSteps.count + comparableDays + 3 }

    /// A span without a measurement says what the next longer one says; when none has any, the load is as usual.
    func writeOriginColumns(_ inputs: SparInputs, origin: Int, into row: inout [Double]) {
        row[Self.constant] = 1
        var offset = 0.0
        for (index, span) in spans.enumerated().reversed() {
            offset = inputs.meanOffset(origin, span: span) ?? offset
            row[1 + index] = offset
        }
        row[originCount - 1] = inputs.effect(origin)
    }

    func writeTargetColumns(_ inputs: SparInputs, target: Int, into row: inout [Double]) {
        var column = originCount
        for lag in lagSteps {
            row[column] = inputs.value(target - lag)
            column += 1
        }
        for back in 0..<comparableDays {
            row[column] = inputs.comparableValue(target, back: back)
            column += 1
        }
        row[column] = inputs.effect(target)
        row[column + 1] = inputs.isWeekend(target)
        row[column + 2] = inputs.isWeekend(target - (lagSteps.first ?? 0))
    }

    /// `amount` observations of each column's variance; nothing on the constant.
    func ridge(_ system: NormalEquations, amount: Double) -> [Double] {
        (0..<count).map { column in
            guard column != Self.constant else { return 0 }
            return amount * max(system.variance(of: column, constant: Self.constant), Self.leastVariance)
        }
    }

    /// What noise of `variance` in each measured step adds to the Gram matrix: means over a and b last steps share the
    /// noise of the shorter, so their noises covary by min(a, b) / (a b).
    func noiseTerms(variance: Double, weight: Double) -> [(column: Int, row: Int, amount: Double)] {
        guard variance > 0 else { return [] }
        return spans.indices.flatMap { a in
            spans.indices.map { b in
                let shared = Double(min(spans[a], spans[b])) / Double(spans[a] * spans[b])
                return (column: 1 + a, row: 1 + b, amount: weight * variance * shared)
            }
        }
    }
}
