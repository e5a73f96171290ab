// The shape of an event in time: straight lines between knots before its start, over its body and after its end. Body
// knots are shares of the duration, so that events of different length are alike; lead and tail knots are minutes.

import ClusterModel

#if canImport(Glibc)
    import Glibc
#endif

/// Where the knots of an event's effect lie.
struct EventProfile: Equatable, Sendable {
    /// Minutes before the start; the effect is zero at the first.
    var leadMinutes: [Double] = [90, 60, 30, 15, 0]
    /// Shares of the duration; the last is the end.
    var bodyShares: [Double] = [0.125, 0.25, 0.5, 0.75, 1]
    /// Minutes after the end; the effect is zero at the last.
    var tailMinutes: [Double] = [15, 30, 60, 120]

    /// The knots between the first and the last, at which the effect is free.
    var freeKnots: Int { leadMinutes.count + bodyShares.count + tailMinutes.count - 2 }

    /// Minutes in which a declared effect comes and goes, outside of the lead and the tail that were declared.
    private static let rampMinutes = 15.0

    /// All knots in minutes since the start of an event of `duration` minutes. A declared lead or tail moves the knots
    /// there, so that their effect is free over the whole of it.
    func knots(duration: Double, lead: Double? = nil, tail: Double? = nil) -> [Double] {
        let before = lead.map { Self.moved(Array(leadMinutes.reversed()), reach: $0).reversed() } ?? leadMinutes
        let after = tail.map { Self.moved(tailMinutes, reach: $0) } ?? tailMinutes
        return before.map { -$0 } + bodyShares.map { $0 * duration } + after.map { duration + $0 }
    }

    /// Ascending minutes whose last but one becomes `reach` and whose last, where the effect is zero, is a ramp later.
    private static func moved(_ minutes: [Double], reach: Double) -> [Double] {
        let scale = reach / (minutes.dropLast().last ?? 1)
        return minutes.dropLast().map { $0 * scale } + [reach + rampMinutes]
    }

    /// The share of a declared effect at each free knot: all of it from the lead to the tail that were declared, and
    /// without them from the start to the end.
    func declaredShares(lead: Double?, tail: Double?) -> [Double] {
        leadMinutes.dropFirst().map { lead != nil || $0 == 0 ? 1 : 0 } + bodyShares.map { _ in 1 }
            + tailMinutes.dropLast().map { _ in tail == nil ? 0 : 1 }
    }

    /// Where `minute` lies between the knots; nil outside the event's reach.
    static func position(of minute: Double, knots: [Double]) -> ProfilePosition? {
        guard let last = knots.last, minute > knots[0], minute < last else { return nil }
        let right = knots.firstIndex { $0 > minute } ?? knots.count - 1
        let share = (minute - knots[right - 1]) / (knots[right] - knots[right - 1])
        return ProfilePosition(
            left: right >= 2 ? right - 2 : nil,
            right: right <= knots.count - 2 ? right - 1 : nil,
            share: share
        )
    }
}

/// A point between two knots of a profile. The first and the last knot are fixed at zero and have no number.
struct ProfilePosition {
    let left: Int?
    let right: Int?
    /// How far from left to right, in 0..<1.
    let share: Double

    func value(_ profile: [Double]) -> Double {
        (left.map { profile[$0] * (1 - share) } ?? 0) + (right.map { profile[$0] * share } ?? 0)
    }

    var weights: [(knot: Int, weight: Double)] {
        [left.map { ($0, 1 - share) }, right.map { ($0, share) }].compactMap(\.self)
    }
}

/// One event on the grid of a subject: the steps that it reaches, lead and tail included.
struct EventWindow: Sendable {
    let kind: String
    let reach: Range<Int>
    let isWeekend: Bool
    /// The effect that someone expects, by free knot, in the logarithmic scale; nil where nobody said.
    private let declared: [Double]?
    private let startMinute: Double
    private let knots: [Double]

    /// The windows of all events. One that declares no uplift takes the mean of those of its kind that do: otherwise an
    /// uplift that is declared late would come on top of what was learned from the kind's past.
    static func windows(of events: [ScheduledEvent], profile: EventProfile, grid: StepGrid) -> [EventWindow] {
        let declared = Dictionary(grouping: events.filter { $0.uplift != nil }, by: \.kind).mapValues { declaring in
            exp(declaring.compactMap(\.uplift).map { log($0) }.reduce(0, +) / Double(declaring.count))
        }
        return events.map { event in
            EventWindow(event, uplift: event.uplift ?? declared[event.kind], profile: profile, grid: grid)
        }
    }

    private init(_ event: ScheduledEvent, uplift: Double?, profile: EventProfile, grid: StepGrid) {
        let duration = max(grid.minutesPerStep, (event.end - event.start).inSeconds / 60)
        kind = event.kind
        let (lead, tail) = (event.lead.map { $0.inSeconds / 60 }, event.tail.map { $0.inSeconds / 60 })
        knots = profile.knots(duration: duration, lead: lead, tail: tail)
        declared = uplift.map { uplift in
            profile.declaredShares(lead: lead, tail: tail).map { $0 * log(uplift) }
        }
        startMinute = event.start.seconds / 60
        let first = Int(((startMinute + knots[0]) / grid.minutesPerStep).rounded(.down))
        let last = Int(((startMinute + knots[knots.count - 1]) / grid.minutesPerStep).rounded(.up))
        reach = first..<last
        isWeekend = grid.isWeekend(grid.number(of: event.start))
    }

    /// Where the middle of a step lies in the event.
    func position(at step: Int, grid: StepGrid) -> ProfilePosition? {
        EventProfile.position(of: (Double(step) + 0.5) * grid.minutesPerStep - startMinute, knots: knots)
    }

    /// What was declared for a place in the event; zero where nothing was.
    func declaredEffect(at position: ProfilePosition) -> Double { declared.map(position.value) ?? 0 }
}
