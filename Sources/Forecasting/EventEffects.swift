// What events of each kind do to the load, learned from those of the past.
//
// In the scale z of the models, z(t) = level(day) + time of day (workday, weekend) + sum of the effects of the events
// that reach t. Each kind has one profile, plus a difference for weekends: an audience at work behaves in its own way.
// A logarithmic scale makes effects factors, so they grow with the base. Ridge least squares over the whole history at
// once, recent days counting more.
//
// An event may declare its uplift. That is the prior mean of its effect: an event's effect is the declared one (log of
// the uplift; zero where nobody declared any for its kind) plus its kind's profile, and the ridge pulls the profile, not
// the sum, to zero. So a kind that was never seen has the declared effect, and evidence replaces it as it comes.

/// The learned effect of every kind of event, by knot.
struct EventEffects: Sendable {
    struct Settings: Equatable, Sendable {
        var profile = EventProfile()
        /// Days after which a past event counts half.
        var halfLifeDays = 7.0
        var ridge = 1.0
        var weekendRidge = 2.0
        /// Every how many steps are learned from; neighbours say nearly the same.
        var stepStride = 2
        /// Kinds that get a profile of their own, the most frequent ones first.
        var kindsMax = 16
    }

    private let profileOfKind: [String: KindProfile]
    /// False where events shall have no effect at all.
    private let usesDeclared: Bool

    private struct KindProfile: Sendable {
        let workday: [Double]
        let weekend: [Double]
    }

    /// Events have no effect.
    static let none = EventEffects(profileOfKind: [:], usesDeclared: false)
    /// Nothing was learned: events have the effects that they declare.
    static let declared = EventEffects(profileOfKind: [:], usesDeclared: true)

    /// The sum of the effects at each step of `range`.
    func values(over range: Range<Int>, events: [EventWindow], grid: StepGrid) -> [Double] {
        var sums = [Double](repeating: 0, count: range.count)
        guard usesDeclared else { return sums }
        for event in events where event.reach.overlaps(range) {
            let profile = profileOfKind[event.kind].map { event.isWeekend ? $0.weekend : $0.workday }
            for step in event.reach.clamped(to: range) {
                guard let position = event.position(at: step, grid: grid) else { continue }
                let learned = profile.map(position.value) ?? 0
                sums[step - range.lowerBound] += event.declaredEffect(at: position) + learned
            }
        }
        return sums
    }

    /// Learns from the steps of `history` up to and including `end`.
    static func learned(from history: SubjectHistory, through end: Int, settings: Settings) -> EventEffects {
        let first = max(history.firstMeasured ?? end + 1, history.steps.lowerBound)
        guard first <= end else { return .declared }
        let past = history.events.filter { $0.reach.overlaps(first..<end + 1) }
        let kinds = mostFrequentKinds(of: past, atMost: settings.kindsMax)
        guard !kinds.isEmpty else { return .declared }
        let layout = EffectColumns(
            kinds: kinds,
            knots: settings.profile.freeKnots,
            first: first,
            end: end,
            grid: history.grid
        )
        guard let solution = regression(history, past, layout, settings) else { return .declared }
        let profiles = kinds.map { kind in
            let workday = Array(solution[layout.common(kind)])
            return (kind, KindProfile(workday: workday, weekend: zip(workday, solution[layout.weekend(kind)]).map(+)))
        }
        return EventEffects(profileOfKind: Dictionary(uniqueKeysWithValues: profiles), usesDeclared: true)
    }

    static func mostFrequentKinds(of events: [EventWindow], atMost count: Int) -> [String] {
        Dictionary(grouping: events, by: \.kind)
            .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
            .prefix(count).map(\.key)
    }

    private static func regression(
        _ history: SubjectHistory,
        _ past: [EventWindow],
        _ layout: EffectColumns,
        _ settings: Settings
    ) -> [Double]? {
        let taught = stride(from: layout.first, through: layout.end, by: settings.stepStride).filter(history.teaches)
        guard !taught.isEmpty else { return nil }
        let scaled = taught.map { history.scale.scaled(history.load($0)) }
        let mean = scaled.reduce(0, +) / Double(scaled.count)
        // An event may have no end in sight; only its steps in the history are spelt out.
        let learned = layout.first..<layout.end + 1
        let eventsAt = Dictionary(
            grouping: past.flatMap { event in event.reach.clamped(to: learned).map { (step: $0, event: event) } },
            by: \.step
        )
        var equations = NormalEquations(columns: layout.count)
        for (step, value) in zip(taught, scaled) {
            var row = layout.seasonalRow(step)
            var declared = 0.0
            for (_, event) in eventsAt[step] ?? [] {
                row += layout.eventRow(event, at: step)
                declared += event.position(at: step, grid: history.grid).map(event.declaredEffect) ?? 0
            }
            let ageDays = Double(layout.end - step) / Double(history.grid.stepsPerDay)
            let weight = exponentialDecay(ageDays, halfLife: settings.halfLifeDays)
            equations.add(row, target: value - declared - mean, weight: weight)
        }
        return equations.solved(ridge: layout.ridge(settings))
    }
}
