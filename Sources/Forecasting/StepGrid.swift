// Steps are numbered from 1970, so that a step number means the same in every series, model and residual.

import ClusterModel

/// A regular grid over time and what the calendar says about its steps.
struct StepGrid: Equatable, Sendable {
    let step: Duration
    /// The step in milliseconds, apart because arithmetic on `Duration` is slow.
    private let width: Int64
    /// Local time minus UTC in milliseconds, for the time of day and the weekend.
    private let offset: Int64

    init(step: Duration, utcOffset: Duration) {
        self.step = step
        width = step.wholeMilliseconds
        offset = utcOffset.wholeMilliseconds
    }

    var stepsPerDay: Int { max(1, Int(86_400_000 / width)) }
    var minutesPerStep: Double { Double(width) / 60_000 }

    func number(of time: Timestamp) -> Int { LoadSeries.stepNumber(of: time, step: step) }
    func start(of number: Int) -> Timestamp { Timestamp(milliseconds: Int64(number) * width) }
    func end(of number: Int) -> Timestamp { start(of: number + 1) }

    /// How many steps the span holds, rounded up.
    func steps(in span: Duration) -> Int {
        Int((span.wholeMilliseconds + width - 1) / width)
    }

    /// How far apart origins lie that models learn from, when they are `fine` apart at steps of up to five minutes.
    func originStride(_ fine: Int) -> Int { width > 300_000 ? 1 : fine }

    /// Local time of day at the start of the step, as a share of the day in 0..<1.
    func timeOfDay(_ number: Int) -> Double {
        Double(Self.modulo(localMilliseconds(number), 86_400_000)) / 86_400_000
    }

    /// The local day, counted from 1970.
    func day(_ number: Int) -> Int {
        let local = localMilliseconds(number)
        return Int((local - Self.modulo(local, 86_400_000)) / 86_400_000)
    }

    func isWeekend(_ number: Int) -> Bool { Self.isWeekend(day: day(number)) }

    /// 1970-01-01 was a Thursday; Monday is 0.
    static func isWeekend(day: Int) -> Bool { modulo(Int64(day) + 3, 7) >= 5 }

    private func localMilliseconds(_ number: Int) -> Int64 { Int64(number) * width + offset }

    private static func modulo(_ value: Int64, _ modulus: Int64) -> Int64 {
        let remainder = value % modulus
        return remainder < 0 ? remainder + modulus : remainder
    }
}
