// The shape of an event in time: straight lines between knots before its start, over its body and after its end. Body
// knots are shares of the duration, so that events of different length are alike; lead and tail knots are minutes.

import ClusterModel

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

    /// All knots in minutes since the start of an event of `duration` minutes.
    func knots(duration: Double) -> [Double] {
        leadMinutes.map { -$0 } + bodyShares.map { $0 * duration } + tailMinutes.map { duration + $0 }
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
    private let startMinute: Double
    private let knots: [Double]

    init(_ event: ScheduledEvent, profile: EventProfile, grid: StepGrid) {
        let duration = max(grid.minutesPerStep, (event.end - event.start).inSeconds / 60)
        kind = event.kind
        knots = profile.knots(duration: duration)
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
}
