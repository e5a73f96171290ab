// Which segments leave an overloaded instance, and where they go.
//
// Until the source stays under its target at the planning quantile for the rest of the horizon:
// 1. If one more segment suffices, take the one that is quickest to move (then the coolest: it disturbs least).
// 2. Otherwise take the hottest: the one whose removal lowers the highest excess most. Fewest moves follow from that.
// Each goes to a destination that stays under its own target with it (comfortable). When no segment has such a
// destination, the pair goes that takes away most overload in total, if that is a real part of it: tight when the
// destination stays under its overload threshold, else partial (everything is hot). A segment that helps in none of these
// ways stays, so a segment that would only carry an overload elsewhere does.
//
// That takes the fewest moves (`ReliefPreference.fewestMoves`). The other preferences take more moves to open fewer
// instances; whoever can weigh that compares what each costs.

import ClusterModel

struct ReliefSelection {
    let source: InstanceSnapshot
    let sourceCapacity: Double
    /// The steps that a move could still help.
    let steps: Range<Int>
    let outlook: Outlook
    let configuration: PlanningConfiguration
    private let homeZones: [InstanceID: Zone]
    private let preference: ReliefPreference
    /// Of the preference `leastLoad`: what is still to leave, hottest first.
    private var chosen: [SegmentID] = []
    private var book: PlacementBook
    private var candidates: [SegmentSnapshot]
    private var destinations: [Destination]
    private(set) var reliefs: [Relief] = []

    /// Partial relief compares pairs; beyond this many hottest segments none can be the best in practice.
    private static let partialCandidatesMax = 64

    init(
        source: InstanceSnapshot,
        capacity: Double,
        steps: Range<Int>,
        outlook: Outlook,
        configuration: PlanningConfiguration,
        book: PlacementBook,
        candidates: [SegmentSnapshot],
        destinations: [Destination],
        homeZones: [InstanceID: Zone],
        preference: ReliefPreference = .fewestMoves
    ) {
        self.source = source
        sourceCapacity = capacity
        self.steps = steps
        self.outlook = outlook
        self.configuration = configuration
        self.book = book
        self.candidates = candidates
        self.destinations = destinations
        self.homeZones = homeZones
        self.preference = preference
        if preference == .leastLoad { chosen = leastLoad() }
        while self.reliefs.count < configuration.reliefsPerSourceMax, excess > 0, let relief = next() { apply(relief) }
    }

    /// How far the source is over its target, at the planning quantile and the worst step.
    var excess: Double { book[source.id].peak(level, over: steps) - sourceTarget }

    /// Whether the source comes under its target and every destination stays under its own.
    var isComplete: Bool { excess <= 0 && reliefs.allSatisfy { $0.tier == .comfortable } }

    private var level: Int { outlook.grid.planning }
    private var sourceTarget: Double { configuration.reliefTarget * sourceCapacity }

    private mutating func apply(_ relief: Relief) {
        book.move(relief.segment.id, to: relief.destination)
        candidates.removeAll { $0.id == relief.segment.id }
        for index in destinations.indices where destinations[index].instance.id == relief.destination {
            destinations[index].isOpen = true
        }
        reliefs.append(relief)
    }

    private mutating func next() -> Relief? {
        let ranked = rankedCandidates()
        if let first = chosen.first {
            chosen.removeFirst()
            if let relief = comfortable(ranked.filter { $0.segment.id == first }) { return relief }
            chosen = []
        }
        return comfortable(ranked) ?? mostHelpful(ranked)
    }

    private struct Candidate {
        let segment: SegmentSnapshot
        /// The source's highest load without it, over its target.
        let residual: Double
        let load: Double
    }

    /// Those that suffice alone, quickest first; then the others, most helpful first. Without help: not at all.
    private func rankedCandidates() -> [Candidate] {
        let (aggregate, before) = (book[source.id], excess)
        let helpful = candidates.compactMap { segment -> Candidate? in
            let outlook = outlook[segment.id]
            let residual = aggregate.peak(level, over: steps, changedBy: outlook, sign: -1) - sourceTarget
            guard residual < before - 1e-9 else { return nil }
            return Candidate(segment: segment, residual: residual, load: outlook.medians[steps].max() ?? 0)
        }
        let sufficient = helpful.filter { $0.residual <= 0 }.sorted {
            preference != .fewestMoves
                ? ($0.load, $0.segment.timeToMove, $0.segment.id) < ($1.load, $1.segment.timeToMove, $1.segment.id)
                : ($0.segment.timeToMove, $0.load, $0.segment.id) < ($1.segment.timeToMove, $1.load, $1.segment.id)
        }
        let others = helpful.filter { $0.residual > 0 }.sorted {
            ($0.residual, $0.segment.id) < ($1.residual, $1.segment.id)
        }
        return sufficient + others
    }

    /// The segments, of the most helpful ones, that together relieve the source with the least load to carry elsewhere;
    /// by what each takes away alone, so the rest of the selection has to make good what is missing.
    private func leastLoad() -> [SegmentID] {
        let (before, ranked) = (excess, rankedCandidates())
        let helpful = ranked.sorted { ($0.residual, $0.segment.id) < ($1.residual, $1.segment.id) }
            .prefix(Self.combinedMax)
        var best: (load: Double, members: Int, set: Int)?
        for set in 1..<(1 << helpful.count) {
            var (left, load) = (before, 0.0)
            for (index, candidate) in helpful.enumerated() where set & (1 << index) != 0 {
                left -= before - candidate.residual
                load += candidate.load
            }
            guard left <= 0 else { continue }
            let members = set.nonzeroBitCount
            if best.map({ (load, members) < ($0.load, $0.members) }) ?? true { best = (load, members, set) }
        }
        guard let best else { return [] }
        return helpful.enumerated().filter { best.set & (1 << $0.offset) != 0 }.map(\.element)
            .sorted { ($1.load, $0.segment.id) < ($0.load, $1.segment.id) }.map(\.segment.id)
    }

    /// So many segments make 1,023 combinations.
    private static let combinedMax = 10

    private func comfortable(_ ranked: [Candidate]) -> Relief? {
        if preference != .fewestMoves, let relief = comfortable(ranked, onOpenOnly: true) { return relief }
        return comfortable(ranked, onOpenOnly: false)
    }

    private func comfortable(_ ranked: [Candidate], onOpenOnly: Bool) -> Relief? {
        let share = configuration.reliefTarget
        for (rank, candidate) in ranked.enumerated() {
            let choices = choices(for: candidate.segment).filter { $0.destination.isOpen || !onOpenOnly }
            guard let chosen = choices.first(where: { $0.peak <= share * $0.destination.capacity }) else { continue }
            let others = rejected(ranked.prefix(rank), share: share) + rejected(choices, for: chosen, share: share)
            return relief(candidate, to: chosen, tier: .comfortable, alternatives: others)
        }
        return nil
    }

    /// The pair that lessens the squared overload of both ends most, if that is a real part of the source's.
    private func mostHelpful(_ ranked: [Candidate]) -> Relief? {
        let pain = book[source.id].pain(over: sourceTarget, steps: steps)
        var best: (candidate: Candidate, choice: Choice, gain: Double)?
        for candidate in ranked.prefix(Self.partialCandidatesMax) {
            let outlook = outlook[candidate.segment.id]
            let left = book[source.id].pain(over: sourceTarget, steps: steps, changedBy: outlook, sign: -1)
            for choice in choices(for: candidate.segment) {
                let gain = pain - left - painAdded(by: outlook, to: choice.destination)
                if gain > (best?.gain ?? configuration.partialReliefMin * pain) { best = (candidate, choice, gain) }
            }
        }
        return best.map { best in
            let limit = configuration.overloadThreshold * best.choice.destination.capacity
            let tier = best.choice.peak <= limit ? ReliefTier.tight : .partial
            let others = rejected(
                choices(for: best.candidate.segment),
                for: best.choice,
                share: configuration.reliefTarget
            )
            return relief(best.candidate, to: best.choice, tier: tier, alternatives: others)
        }
    }

    private func painAdded(by segment: SegmentOutlook, to destination: Destination) -> Double {
        let (taker, target) = (book[destination.instance.id], configuration.reliefTarget * destination.capacity)
        return taker.pain(over: target, steps: steps, changedBy: segment, sign: 1)
            - taker.pain(over: target, steps: steps)
    }

    private func relief(
        _ candidate: Candidate,
        to choice: Choice,
        tier: ReliefTier,
        alternatives: [Alternative]
    ) -> Relief {
        Relief(
            segment: candidate.segment,
            destination: choice.destination.instance.id,
            tier: tier,
            sourcePeakAfter: candidate.residual + sourceTarget,
            destinationPeakAfter: choice.peak,
            alternatives: Array(
                (forbidden(for: candidate.segment) + alternatives).prefix(configuration.alternativesMax))
        )
    }
}

extension ReliefSelection {
    /// A destination with one segment more.
    private struct Choice {
        let destination: Destination
        /// Its highest load at the planning quantile with the segment, over the whole horizon.
        let peak: Double
    }

    /// All destinations, best first: open ones (the fullest first), then another zone unless zones do not matter,
    /// soonest, cheapest.
    private func choices(for segment: SegmentSnapshot) -> [Choice] {
        let outlook = outlook[segment.id]
        return destinations.filter { isPossible($0.instance, for: segment) && isAllowed($0.instance, for: segment) }.map
        {
            destination in
            let aggregate = book[destination.instance.id]
            let peak = aggregate.peak(level, over: self.outlook.horizon.indices, changedBy: outlook, sign: 1)
            return Choice(destination: destination, peak: peak)
        }.sorted { isBetter($0, $1) }
    }

    private func isPossible(_ instance: InstanceSnapshot, for segment: SegmentSnapshot) -> Bool {
        instance.role == .contingent || instance.id == segment.home
    }

    private func isAllowed(_ instance: InstanceSnapshot, for segment: SegmentSnapshot) -> Bool {
        configuration.antiAffinity.allows(instance, forSegmentOfHomeIn: homeZones[segment.home])
    }

    private func forbidden(for segment: SegmentSnapshot) -> [Alternative] {
        destinations.map(\.instance).filter { isPossible($0, for: segment) && !isAllowed($0, for: segment) }.map {
            Alternative(
                segment: segment.id, instance: $0.id,
                rejectedBecause: "is in zone \($0.zone) as its home is (pool.anti_affinity: require)")
        }
    }

    private func isBetter(_ a: Choice, _ b: Choice) -> Bool {
        if a.destination.isOpen != b.destination.isOpen { return a.destination.isOpen }
        let (x, y) = (a.destination.instance, b.destination.instance)
        if configuration.antiAffinity != .off, (x.zone == source.zone) != (y.zone == source.zone) {
            return x.zone != source.zone
        }
        let (roomX, roomY) =
            a.destination.isOpen ? (a.destination.capacity - a.peak, b.destination.capacity - b.peak) : (0, 0)
        return (roomX, x.readyWithin ?? .zero, x.costPerHour, x.id) < (
            roomY, y.readyWithin ?? .zero, y.costPerHour, y.id
        )
    }

    private func rejected(_ skipped: ArraySlice<Candidate>, share: Double) -> [Alternative] {
        skipped.map {
            Alternative(
                segment: $0.segment.id,
                rejectedBecause: "no destination stays under \(Wording.percent(share)) of its capacity with it"
            )
        }
    }

    private func rejected(_ choices: [Choice], for chosen: Choice, share: Double) -> [Alternative] {
        choices.filter { $0.destination != chosen.destination }.map { choice in
            let limit = share * choice.destination.capacity
            let reason =
                choice.peak > limit
                ? "would reach \(Wording.decimal(choice.peak)), over \(Wording.decimal(limit))"
                : choice.destination.isOpen ? "would leave more room unused" : "is not needed yet"
            return Alternative(instance: choice.destination.instance.id, rejectedBecause: reason)
        }
    }
}

extension LoadAggregate {
    /// Load over a limit at the planning quantile, squared and relative to the limit, added up over steps: two half
    /// overloads hurt less than one.
    func pain(over limit: Double, steps: Range<Int>) -> Double {
        steps.reduce(0) { total, step in
            let excess = max(0, quantile(grid.planning, at: step) - limit)
            return total + excess * excess / limit
        }
    }

    func pain(over limit: Double, steps: Range<Int>, changedBy segment: SegmentOutlook, sign: Double) -> Double {
        steps.reduce(0) { total, step in
            let excess = max(0, quantile(grid.planning, at: step, changedBy: segment, sign: sign) - limit)
            return total + excess * excess / limit
        }
    }
}
