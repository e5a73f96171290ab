// What the controller remembers between plans. Codable, so that patience and cool-downs survive a restart.
// Invariant: it only holds entries for segments and instances of the last snapshot, so it is bounded by the cluster.

import ClusterModel

package struct ControllerMemory: Hashable, Sendable, Codable {
    /// Segments that rest.
    package internal(set) var rests: [SegmentID: Hold] = [:]
    /// How often in a row a segment's moves were reverted.
    package internal(set) var reverts: [SegmentID: Int] = [:]
    /// Instances where a segment was harmed: others come first for as long as this lasts.
    package internal(set) var doubts: [InstanceID: Hold] = [:]
    /// Where segments were sent to empty the instance that they were on; for as long as the move lasts.
    var gathered: [SegmentID: InstanceID] = [:]
    var returnAgreed: [InstanceID: Int] = [:]
    /// Since when the segments of an instance have had room elsewhere.
    var calmSince: [InstanceID: Timestamp] = [:]
    var dropAgreed: [InstanceID: Int] = [:]
    var idle: [InstanceID: Int] = [:]
    var measuredOver: [InstanceID: Int] = [:]
    var surprised: [InstanceID: Int] = [:]
    /// When the moves of the last hour began.
    private var begun: [MoveID: Timestamp] = [:]
    /// Segments that the last plan told to move: each counts as begun, also when its move fails before anybody sees it.
    private var ordered: [SegmentID: Timestamp] = [:]
    private var owners: [SegmentID: InstanceID] = [:]
    private var moves: [SegmentID: MoveInFlight] = [:]
    private var reverting: Set<MoveID> = []

    /// What failed at once would fail at once again; something else goes first meanwhile.
    private static let unseenRest = Duration.seconds(5 * 60)

    package init() {}

    /// Learns from what changed since the last snapshot: who moved, whose move came to nothing.
    mutating func observe(_ snapshot: ClusterSnapshot, configuration: PlanningConfiguration) {
        let present = Dictionary(snapshot.moves.map { ($0.segment, $0) }, uniquingKeysWith: { first, _ in first })
        for segment in snapshot.segments {
            guard let owner = owners[segment.id] else { continue }
            if owner != segment.owner {
                ownerChanged(of: segment.id, at: snapshot.now, configuration: configuration)
            } else if let move = moves[segment.id], move.phase.isBeforeCutOver, present[segment.id]?.id != move.id {
                rest(segment.id, until: snapshot.now + configuration.dropCoolDown, "its last move was dropped")
            }
        }
        owners = Dictionary(snapshot.segments.map { ($0.id, $0.owner) }, uniquingKeysWith: { first, _ in first })
        moves = present
        for move in snapshot.moves where begun[move.id] == nil {
            begun[move.id] = move.startedAt
            ordered[move.segment] = nil
        }
        for (segment, moment) in ordered {
            begun[MoveID("unseen \(segment) \(moment)")] = moment
            rest(segment, until: snapshot.now + Self.unseenRest, "its last move was refused, or failed at once")
        }
        ordered = [:]
        forget(snapshot)
    }

    /// The plan is about to be carried out.
    mutating func ordered(by plan: Plan) {
        for action in plan.actions where action.isExecutable {
            if let directive = action.directive { ordered[directive.segmentID] = plan.at }
        }
    }

    /// Moves that began within the hour before the last snapshot.
    var begunWithinTheHour: Int { begun.count }

    private mutating func ownerChanged(
        of segment: SegmentID,
        at now: Timestamp,
        configuration: PlanningConfiguration
    ) {
        if let move = moves[segment], reverting.contains(move.id) { return }
        rest(segment, until: now + configuration.coolDown, "it has just moved")
    }

    /// The watch wants the move undone: the segment rests, longer each time, and its target is in doubt.
    mutating func reverted(
        _ move: MoveInFlight,
        at now: Timestamp,
        reason: String,
        configuration: PlanningConfiguration
    ) {
        guard reverting.insert(move.id).inserted else { return }
        let count = (reverts[move.segment] ?? 0) + 1
        reverts[move.segment] = count
        let seconds = configuration.revertCoolDown.inSeconds * Double(1 << min(count - 1, 10))
        let span = min(.seconds(seconds), configuration.revertCoolDownMax)
        rest(move.segment, until: now + span, "its last move was reverted: \(reason)")
        doubts[move.target] = Hold(
            until: now + configuration.revertCoolDown, reason: "\(move.segment) was reverted from it: \(reason)")
    }

    /// Whether the watch wanted the move undone: it is not to be cut over again.
    func wasReverted(_ move: MoveID) -> Bool { reverting.contains(move) }

    /// The watch was content: earlier reverts count no more.
    mutating func kept(_ move: MoveInFlight) { reverts[move.segment] = nil }

    private mutating func rest(_ segment: SegmentID, until: Timestamp, _ reason: String) {
        if let present = rests[segment], present.until >= until { return }
        rests[segment] = Hold(until: until, reason: reason)
    }

    /// Counts consecutive plans in which something held.
    static func count(_ holds: Bool, _ instance: InstanceID, in streaks: inout [InstanceID: Int]) -> Int {
        streaks[instance] = holds ? (streaks[instance] ?? 0) + 1 : nil
        return streaks[instance] ?? 0
    }

    /// Its segments cannot leave it.
    mutating func noCalm(on instance: InstanceID) {
        returnAgreed[instance] = nil
        calmSince[instance] = nil
    }

    private mutating func forget(_ snapshot: ClusterSnapshot) {
        rests = rests.filter { $0.value.until > snapshot.now && owners[$0.key] != nil }
        reverts = reverts.filter { owners[$0.key] != nil }
        let known = Set(snapshot.instances.map(\.id))
        doubts = doubts.filter { $0.value.until > snapshot.now && known.contains($0.key) }
        reverting.formIntersection(snapshot.moves.map(\.id))
        begun = begun.filter { snapshot.now - $0.value < .seconds(3600) }
        gathered = gathered.filter { moves[$0.key]?.target == $0.value }
        // Of an instance that was given back nothing is known when it comes again.
        let instances = Set(snapshot.instances.filter(\.isOurs).map(\.id))
        calmSince = calmSince.filter { instances.contains($0.key) }
        for streaks in [\Self.returnAgreed, \.dropAgreed, \.idle, \.measuredOver, \.surprised] {
            self[keyPath: streaks] = self[keyPath: streaks].filter { instances.contains($0.key) }
        }
    }
}
