// The durable states of a move from source A to target B.
// Invariant: exactly one instance owns the segment in every state, and `owner` says which; ownership changes only by
// entering `switchDecided` or `revertDecided`, each one durable transaction of the journal.
//
//   planned → prechecked → prepared → streaming → copied → ready ⇄ fenced → switchDecided → probation
//      │           │           │          │          │       │  ▲                             │  ⇅
//      └───────────┴───────────┴──── aborting ───────┴───────┘  └─────── revertDecided ← revertFenced
//                                       ↓                                                     │ (from probation)
//                                    aborted          finished ← cleaning ← retained ← finalizing

/// The instance of a move that is meant: A, where the segment was, or B, where it goes.
package enum Side: String, Sendable, Codable, CaseIterable {
    case source, target

    package var other: Side { self == .source ? .target : .source }
}

/// What is true of a move, as the journal keeps it.
package enum MoveState: String, Sendable, Codable, CaseIterable {
    /// Written down; nothing exists on any instance.
    case planned
    /// Both instances are fit. Still nothing exists.
    case prechecked
    /// Registers and guards stand on both sides: even on A, odd on B. B holds no row of the segment.
    case prepared
    /// The forward stream's publication, slot and disabled subscription exist. The snapshot lives only as long as
    /// the coordinator's connection, so this state cannot be resumed.
    case streaming
    /// The snapshot's rows are on B.
    case copied
    /// Both streams run, the forward one is armed, the contents were found equal. Waits to be asked.
    case ready
    /// A may be fenced and disarmed, the router's gate may be closed. Lasts milliseconds.
    case fenced
    /// B owns. The reverse stream may not be armed yet, B's register may still be odd.
    case switchDecided
    /// B owns, the reverse stream is armed, A follows as a hot spare. Waits to be asked.
    case probation
    /// `fenced` the other way: B may be fenced and disarmed.
    case revertFenced
    /// A owns again; its register may still be odd. Leads back to `ready`.
    case revertDecided
    /// B owns; the streams are being dropped.
    case finalizing
    /// B owns, no stream is left; A keeps its rows, its guards and its odd register for the grace. Waits to be asked.
    case retained
    /// A's rows are being deleted, then its guards.
    case cleaning
    /// B owns; nothing of the move is left anywhere.
    case finished
    /// A owns; everything is being undone by the ledger.
    case aborting
    /// A owns; nothing of the move is left anywhere.
    case aborted
}

extension MoveState {
    /// Who owns the segment. Only the owner's register may be even.
    package var owner: Side {
        switch self {
        case .planned, .prechecked, .prepared, .streaming, .copied, .ready, .fenced, .revertDecided, .aborting,
            .aborted:
            .source
        case .switchDecided, .probation, .revertFenced, .finalizing, .retained, .cleaning, .finished: .target
        }
    }

    package var isOver: Bool { self == .finished || self == .aborted }

    /// Aborting may interrupt what is going on.
    package var isAbortable: Bool {
        switch MoveStateMachine(self).on(.abortRequested) {
        case .advance, .undo: true
        case .decide, .work, .rest, .refuse: false
        }
    }

    /// The segment changes hands: its statements may be waiting.
    package var isCutOver: Bool {
        switch self {
        case .fenced, .switchDecided, .revertFenced, .revertDecided: true
        case .planned, .prechecked, .prepared, .streaming, .copied, .ready, .probation, .finalizing, .retained,
            .cleaning,
            .finished, .aborting, .aborted:
            false
        }
    }

    /// Nothing is to be done until someone asks.
    package var isResting: Bool { work.isEmpty }

    /// What is to be done in this state: branches that run side by side, each a list of steps in order.
    package var work: [[MoveStep]] {
        switch self {
        case .planned: [[.precheck]]
        case .prechecked: [[.furnish, .register, .guardTables]]
        case .prepared: [[.publishForward, .slotForward, .subscribeForward]]
        case .streaming: [[.copy]]
        case .copied:
            [[.catchUp, .verify], [.publishReverse, .slotReverse, .subscribeReverse, .analyze, .roundTrip]]
        case .fenced, .revertFenced: [[.checkGate, .lock, .closeGate, .fence, .disarm, .awaitApplied]]
        case .switchDecided, .revertDecided: [[.own, .publish]]
        case .finalizing: [[.dropStreams, .releaseOwner]]
        case .cleaning: [[.deleteRows, .dropObjects]]
        case .aborting: [[.dropStreams, .deleteRows, .dropObjects]]
        case .ready, .probation, .retained, .finished, .aborted: []
        }
    }
}
