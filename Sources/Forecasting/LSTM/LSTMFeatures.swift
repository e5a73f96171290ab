// What the network sees of a window. Loads enter in the subject's scale, relative to the base (the last measured load)
// and in units of the subject's spread, so that all subjects look alike. A missing value is 0 beside a mask of 0. What
// events do is learned apart and taken out, as in SPAR; the network says what is left, knowing of the events and their
// effect.
// Invariant: for an origin, no load after it is read; the calendar and events are.

import ClusterModel

#if canImport(Glibc)
    import Glibc
#endif

/// One subject's loads and events over some steps, prepared for windows.
struct LSTMFeatures: Sendable {
    /// Load and mask, a day before and mask, a week before and mask, time of day, day of the week, event, its effect.
    static let pastCount = 12
    /// Five recent means; the day before with mask and its change since the origin's time, the week before likewise,
    /// the mean of seven days and its change; event then and its effect; time of day, day of the week; place in the
    /// horizon; level.
    static let knownCount = 21
    /// No input is further from zero.
    private static let inputMax = 10.0

    private let history: SubjectHistory
    private let first: Int
    /// In the subject's scale, without the effects of events; NaN where missing.
    private let scaled: [Double]
    /// Sums and counts of what is measured before each step.
    private let sums: [Double]
    private let counts: [Int]
    private let isEventful: [Bool]
    private let effects: [Double]
    private let calendar: [SIMD4<Float>]
    private let spread: Double
    private let horizon: Int
    private let calendarFirst: Int

    /// Covers windows of `context` steps whose origins lie in `origins`; nothing after the last origin is read, except
    /// for training, when `targets` are wanted.
    init(
        _ history: SubjectHistory, _ learned: Learned, origins: ClosedRange<Int>, context: Int, horizon: Int,
        targets: Bool = false
    ) {
        let grid = history.grid
        let first = origins.lowerBound - 7 * grid.stepsPerDay - context - 3
        self.first = first
        let last = origins.upperBound + horizon
        let readMax = targets ? last : origins.upperBound
        let effects = learned.effects.values(over: first..<last + 1, events: history.events, grid: grid)
        scaled = (first...last).map { step in
            step <= readMax ? history.scale.scaled(history.load(step)) - effects[step - first] : .nan
        }
        self.effects = effects
        var sums = [0.0]
        var counts = [0]
        for value in scaled {
            sums.append(sums[sums.count - 1] + (value.isNaN ? 0 : value))
            counts.append(counts[counts.count - 1] + (value.isNaN ? 0 : 1))
        }
        self.sums = sums
        self.counts = counts
        var isEventful = [Bool](repeating: false, count: scaled.count)
        for event in history.events {
            let lower = max(event.reach.lowerBound, first)
            let upper = min(event.reach.upperBound, last + 1)
            if lower < upper { for step in lower..<upper { isEventful[step - first] = true } }
        }
        self.isEventful = isEventful
        calendar = (origins.lowerBound - context...last).map { step in
            let time = 2 * Double.pi * grid.timeOfDay(step)
            let week = (2 * Double.pi * Double((grid.day(step) % 7 + 7) % 7) + time) / 7
            return SIMD4(Float(sin(time)), Float(cos(time)), Float(sin(week)), Float(cos(week)))
        }
        calendarFirst = origins.lowerBound - context
        self.history = history
        spread = learned.spread
        self.horizon = horizon
    }

    /// What a subject's windows need that is learned from it through a step.
    struct Learned: Sendable {
        let spread: Double
        let effects: EventEffects

        init(_ history: SubjectHistory, through end: Int, horizon: Int) {
            spread = LSTMFeatures.spread(history, through: end, horizon: horizon)
            effects = .learned(from: history, through: end, settings: .init())
        }
    }

    /// The typical change over the horizon, in the subject's scale: the unit of a subject's inputs and answers.
    private static func spread(_ history: SubjectHistory, through end: Int, horizon: Int) -> Double {
        let lower = history.steps.lowerBound
        guard end < history.steps.upperBound, lower + horizon <= end else { return 1 }
        let scaled = (lower...end).map { history.scale.scaled(history.load($0)) }
        var (sum, count) = (0.0, 0)
        for index in 0..<scaled.count - horizon {
            let change = abs(scaled[index + horizon] - scaled[index])
            guard change.isFinite else { continue }
            sum += change
            count += 1
        }
        guard count > 0, sum.isFinite else { return 1 }
        return max(1.25 * sum / Double(count), 1e-3)
    }

    /// The last measured load at the origin, as `scaled`; nil when there is none in reach.
    func base(_ origin: Int) -> Double? {
        var step = origin
        while step >= first {
            if !scaled[step - first].isNaN { return scaled[step - first] }
            step -= 1
        }
        return nil
    }

    /// The load of a step by the network's answer.
    func load(_ answer: Float, base: Double, at step: Int) -> Double {
        let scaled = base + spread * Double(answer) + effects[step - first]
        return scaled.isFinite ? history.scale.load(scaled) : .nan
    }

    private func value(_ step: Int, notAfter origin: Int) -> Double {
        step <= origin && step >= first ? scaled[step - first] : .nan
    }

    /// The mean of what is measured in the `length` steps that end with `last`; NaN when nothing is.
    private func mean(_ last: Int, _ length: Int) -> Double {
        let (lower, upper) = (max(0, last + 1 - length - first), last + 1 - first)
        let count = upper > lower ? counts[upper] - counts[lower] : 0
        return count == 0 ? .nan : (sums[upper] - sums[lower]) / Double(count)
    }

    private func shown(_ difference: Double) -> Float {
        guard !difference.isNaN else { return 0 }
        return Float(min(max(difference / spread, -Self.inputMax), Self.inputMax))
    }

    /// Writes the window that ends with `origin` into `batch`. False when it has no base.
    @discardableResult
    func write(_ origin: Int, into batch: inout LSTMBatch, window: Int) -> Bool {
        guard let base = base(origin), base.isFinite else { return false }
        let day = history.grid.stepsPerDay
        for index in 0..<batch.steps {
            let step = origin - batch.steps + 1 + index
            let at = (index * batch.windows + window) * Self.pastCount
            for (slot, lag) in [0, day, 7 * day].enumerated() {
                let value = value(step - lag, notAfter: origin)
                batch.past[at + 2 * slot] = shown(value - base)
                batch.past[at + 2 * slot + 1] = value.isNaN ? 0 : 1
            }
            let time = calendar[step - calendarFirst]
            for part in 0..<4 { batch.past[at + 6 + part] = time[part] }
            batch.past[at + 10] = isEventful[step - first] ? 1 : 0
            batch.past[at + 11] = shown(effects[step - first])
        }
        let recent = [3, 6, 12, 48, day].map { shown(mean(origin, $0) - base) }
        let before = (1...7).map { mean(origin - $0 * day, 3) }
        let level = Float(min(max((base - history.scale.scaled(0)) / 4, -3), 3))
        for ahead in 1...horizon {
            let at = ((ahead - 1) * batch.windows + window) * Self.knownCount
            for (slot, value) in recent.enumerated() { batch.known[at + slot] = value }
            writeLags(origin, ahead, base: base, before: before, into: &batch.known, at: at + 5)
            batch.known[at + 13] = isEventful[origin + ahead - first] ? 1 : 0
            batch.known[at + 14] = shown(effects[origin + ahead - first])
            let time = calendar[origin + ahead - calendarFirst]
            for part in 0..<4 { batch.known[at + 15 + part] = time[part] }
            batch.known[at + 19] = Float(ahead) / Float(horizon)
            batch.known[at + 20] = level
        }
        return true
    }

    /// `before` are the loads at the origin's time of day on the seven days before.
    private func writeLags(
        _ origin: Int, _ ahead: Int, base: Double, before: [Double], into known: inout [Float], at: Int
    ) {
        let day = history.grid.stepsPerDay
        for (slot, days) in [1, 7].enumerated() {
            let value = value(origin + ahead - days * day, notAfter: origin)
            known[at + 3 * slot] = shown(value - base)
            known[at + 3 * slot + 1] = value.isNaN ? 0 : 1
            known[at + 3 * slot + 2] = shown(value - before[days - 1])
        }
        var (sum, change, count) = (0.0, 0.0, 0)
        for days in 1...7 {
            let value = value(origin + ahead - days * day, notAfter: origin)
            guard !value.isNaN, !before[days - 1].isNaN else { continue }
            sum += value
            change += value - before[days - 1]
            count += 1
        }
        known[at + 6] = count == 0 ? 0 : shown(sum / Double(count) - base)
        known[at + 7] = count == 0 ? 0 : shown(change / Double(count))
    }

    /// Writes what came after `origin`, where it teaches. Only for training.
    func writeTargets(_ origin: Int, into batch: inout LSTMBatch, window: Int) {
        let base = base(origin)
        for ahead in 1...horizon {
            let step = origin + ahead
            let teaches = base != nil && history.teaches(step)
            let answer = teaches ? Float((scaled[step - first] - (base ?? 0)) / spread) : .nan
            batch.targets[(ahead - 1) * batch.windows + window] = answer.isFinite ? min(max(answer, -30), 30) : .nan
        }
    }
}
