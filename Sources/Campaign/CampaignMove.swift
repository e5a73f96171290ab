// A move of the campaign: what is written down of it, and what only Foreshard's memory knows.

import ClusterModel
import Migration
import Planning

struct CampaignMove: Sendable {
    let id: MoveID
    let segment: SegmentID
    let source: InstanceID
    let target: InstanceID
    let isByPerson: Bool
    let startedAt: Timestamp
    /// Written down.
    var state = MoveState.planned
    var retainedUntil: Timestamp?
    // In Foreshard's memory only.
    var watch = MoveWatch()
    /// When the work of the state is done; nil when nobody works on it.
    var workEndsAt: Timestamp?
    var cutsOverWhenReady = false
    /// The revert was done; the move is to be forgotten.
    var isToBeAborted = false

    var ends: [InstanceID] { [source, target] }

    /// Foreshard died: its memory is gone.
    mutating func forget(at now: Timestamp) {
        watch = MoveWatch()
        if state == .probation { watch.cutOverCompleted(at: now) }
        workEndsAt = nil
        cutsOverWhenReady = false
        isToBeAborted = false
    }

    /// As the controller plans with it; nil when it is tidied up.
    var phase: MoveInFlight.Phase? {
        if isToBeAborted, state == .ready { return nil }
        switch state {
        case .planned, .prechecked, .prepared, .streaming, .copied: return .preparing
        case .ready: return .ready
        case .fenced, .switchDecided, .revertFenced, .revertDecided: return .cuttingOver
        case .probation: return .probation(watch.verdict)
        case .finalizing, .retained, .cleaning, .finished, .aborting, .aborted: return nil
        }
    }
}
