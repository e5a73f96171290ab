// What must hold after every plan, and what is known only at the end.

import ClusterModel
import Planning

extension VirtualCluster {
    mutating func check(_ plan: Plan) {
        checkLimits()
        checkOwners()
        for action in plan.actions {
            if case .prepare = action.kind { checkRoom(action.record, plan.overloadThreshold) }
            if action.record.sentence.isEmpty { broken("an action without a reason") }
        }
    }

    private mutating func checkLimits() {
        let limits = scenario.planning
        let copying = moves.filter { $0.flight.phase == .preparing }
        if copying.count > limits.movesInFlightMax { broken("\(copying.count) moves in flight") }
        for (source, moves) in Dictionary(grouping: copying, by: \.flight.source)
        where moves.count > limits.movesInFlightPerSourceMax { broken("\(moves.count) moves in flight on \(source)") }
        let switching = moves.filter { $0.flight.phase == .cuttingOver }
        for (source, moves) in Dictionary(grouping: switching, by: \.flight.source)
        where moves.count > limits.cutOversPerSourceMax { broken("\(moves.count) cut-overs on \(source)") }
        for (source, moves) in Dictionary(grouping: moves, by: \.flight.source)
        where moves.count > limits.openStreamsPerSourceMax { broken("\(moves.count) streams on \(source)") }
    }

    private mutating func checkOwners() {
        for segment in scenario.truth.segments {
            guard let owner = owners[segment], let instance = instances.first(where: { $0.id == owner }) else {
                broken("\(segment) has no owner")
                continue
            }
            if !instance.isOurs { broken("\(segment) is on \(owner), which is not ours") }
        }
    }

    /// Unless everything is hot, no plan fills a destination over its threshold.
    private mutating func checkRoom(_ record: DecisionRecord, _ threshold: Double) {
        guard record.rule != .partialRelief else { return }
        guard let peak = record.evidence.destinationPeakAfter, let capacity = record.evidence.destinationCapacity else {
            return broken("a preparation without numbers: \(record.sentence)")
        }
        if peak > threshold * capacity * 1.000001 { broken("overfilled: \(record.sentence)") }
    }

    mutating func sumUp() {
        let homes = scenario.homes
        let (owners, changes, moves, instances) = (owners, changes, moves, instances)
        let wasted = changes.indices.filter { isWasted($0) }.count
        finish { outcome in
            outcome.wastedMoves = wasted
            outcome.segmentsAway = homes.filter { owners[$0.key] != $0.value }.count
            outcome.contingentsLeased = instances.filter { $0.role == .contingent && $0.isOurs }.count
            outcome.movesUnfinished = moves.count
            outcome.changesOfOwnerPerHourMax = Self.mostWithinAnHour(changes)
        }
    }

    /// Whether a home that a segment left would have stayed under its threshold with all its segments until it came back.
    private func isWasted(_ index: Int) -> Bool {
        let change = changes[index]
        guard scenario.homes[change.segment] == change.from,
            let home = instances.first(where: { $0.id == change.from })
        else { return false }
        let back = changes[(index + 1)...].first { $0.segment == change.segment && $0.to == change.from }?.at ?? now
        let all = scenario.truth.segments.filter { scenario.homes[$0] == home.id }
        var moment = change.at
        while moment < back {
            let load = all.reduce(0) { $0 + scenario.truth.load(of: $1, at: moment) }
            if load > scenario.planning.overloadThreshold * home.capacity * home.health { return false }
            moment = moment + .seconds(60)
        }
        return true
    }

    private static func mostWithinAnHour(_ changes: [OwnerChange]) -> Int {
        Dictionary(grouping: changes, by: \.segment).values.map { own in
            own.indices.map { first in own[first...].prefix { $0.at - own[first].at < .seconds(3600) }.count }.max()
                ?? 0
        }.max() ?? 0
    }
}
