// One thing the executor does. Every step is re-entrant: run again after it was done, or half done, it ends in the same
// world. A step does not know the direction; inside a cut-over the state's owner says who hands over to whom.

/// A step of a move.
package enum MoveStep: String, Sendable, Codable, CaseIterable {
    // Preparation
    case precheck
    /// The schema `foreshard` on both instances: token table, coordinator's term, guard functions.
    case furnish
    /// The segment's epoch register: even on the owner, odd on the other.
    case register
    /// The guard's triggers on every table of the group, on both instances.
    case guardTables
    case publishForward, slotForward, subscribeForward
    case copy
    case catchUp
    case verify
    case publishReverse, slotReverse, subscribeReverse
    case analyze
    /// A token from B to A: the reverse stream is proven before anything depends on it.
    case roundTrip

    // Cut-over, either way
    /// Contents, lag and prepared transactions allow a cut-over now.
    case checkGate
    /// Keeps vacuum and DDL off the tables on both sides.
    case lock
    case closeGate
    /// The owner's register turns odd, and every transaction that passed the guard before has ended.
    case fence
    /// One transaction: last token, and the owner's stream publishes nothing more.
    case disarm
    case awaitApplied
    /// The journal's commit point.
    case decide
    /// One transaction: the new owner's stream is armed and its register turns even.
    case own
    /// The router learns the new owner, and the gate opens.
    case publish

    // Undoing a cut-over that was not decided
    /// The old owner's stream is armed again, then its register turns even.
    case unfence
    case reopenGate

    // The end
    case dropStreams
    /// The owner needs no guard once no stream is left.
    case releaseOwner
    case deleteRows
    case dropObjects

    /// The steps that undo a cut-over before its decision.
    package static let undoing: [MoveStep] = [.unfence, .reopenGate]

    /// Whether an instance, the journal or the router is different after the step.
    package var changesTheWorld: Bool {
        switch self {
        case .precheck, .verify, .checkGate, .awaitApplied: false
        case .furnish, .register, .guardTables, .publishForward, .slotForward, .subscribeForward, .copy, .catchUp,
            .publishReverse, .slotReverse, .subscribeReverse, .analyze, .roundTrip, .lock, .closeGate, .fence, .disarm,
            .decide, .own, .publish, .unfence, .reopenGate, .dropStreams, .releaseOwner, .deleteRows,
            .dropObjects:
            true
        }
    }
}
