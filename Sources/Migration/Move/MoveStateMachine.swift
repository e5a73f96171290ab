// From the persisted state and an event, the next decision. Pure: no clock, connection or journal.
// The one rule that keeps a segment from having two owners stands in `onDoubt`, and nowhere else: before the journal's
// decision a move only rolls back, after it only forward.

/// What happened to a move, or what somebody asks of it.
package enum MoveEvent: String, Sendable, CaseIterable {
    /// A move was ordered and written down.
    case started
    /// All the work of the state is done.
    case stepsDone
    /// A step of the state failed, or was given up.
    case stepFailed
    /// A coordinator found the move unfinished, with nothing of its predecessor's memory.
    case resumed
    case cutOverRequested
    case revertRequested
    case abortRequested
    case finalizeRequested
    case cleanRequested
}

/// What a move does next.
package enum MoveDecision: Sendable, Equatable {
    /// Write the state down, then do its work.
    case advance(to: MoveState)
    /// Commit the change of ownership and the state in one durable transaction, then do its work.
    case decide(to: MoveState)
    /// Run the undoing steps, then write the state down.
    case undo(to: MoveState)
    /// Do the work of the present state (again).
    case work
    /// Nothing to do until someone asks.
    case rest
    case refuse(MoveRefusal)
}

/// Why a request does not fit the state of a move.
package enum MoveRefusal: String, Sendable, Equatable {
    case started = "the move was started before"
    case notReady = "the move is not ready to cut over"
    case notInProbation = "only a move in probation can be reverted or finalized"
    case decided = "ownership has been switched: revert the move instead of aborting it"
    case notRetained = "only a finalized move can be cleaned up"
    case nothingInProgress = "no step of the move is in progress"
    case over = "the move is over"
}

package struct MoveStateMachine: Sendable, Equatable {
    package let state: MoveState

    package init(_ state: MoveState) { self.state = state }

    package func on(_ event: MoveEvent) -> MoveDecision {
        switch event {
        case .started: state == .planned ? .work : .refuse(.started)
        case .stepsDone: onStepsDone
        case .stepFailed: onDoubt(hasMemory: true)
        case .resumed: onDoubt(hasMemory: false)
        case .cutOverRequested: state == .ready ? .advance(to: .fenced) : .refuse(state.isOver ? .over : .notReady)
        case .revertRequested: fromProbation(to: .revertFenced)
        case .finalizeRequested: fromProbation(to: .finalizing)
        case .cleanRequested: onCleanRequested
        case .abortRequested: onAbortRequested
        }
    }

    private var onStepsDone: MoveDecision {
        switch state {
        case .planned: .advance(to: .prechecked)
        case .prechecked: .advance(to: .prepared)
        case .prepared: .advance(to: .streaming)
        case .streaming: .advance(to: .copied)
        case .copied: .advance(to: .ready)
        case .fenced: .decide(to: .switchDecided)
        case .switchDecided: .advance(to: .probation)
        case .revertFenced: .decide(to: .revertDecided)
        case .revertDecided: .advance(to: .ready)
        case .finalizing: .advance(to: .retained)
        case .cleaning: .advance(to: .finished)
        case .aborting: .advance(to: .aborted)
        case .ready, .probation, .retained, .finished, .aborted: .refuse(.nothingInProgress)
        }
    }

    /// The rule. Something failed, or the coordinator died: undecided states go back, decided ones go on.
    /// - Parameter hasMemory: false when a successor resumes; the snapshot of the copy is then gone.
    private func onDoubt(hasMemory: Bool) -> MoveDecision {
        switch state {
        // Undecided: back.
        case .planned, .prechecked, .prepared, .streaming: .advance(to: .aborting)
        case .copied: hasMemory ? .advance(to: .aborting) : .work
        case .fenced: .undo(to: .ready)
        case .revertFenced: .undo(to: .probation)
        // Decided, or undoing already: on.
        case .switchDecided, .revertDecided, .finalizing, .cleaning, .aborting: .work
        case .ready, .probation, .retained, .finished, .aborted: hasMemory ? .refuse(.nothingInProgress) : .rest
        }
    }

    private func fromProbation(to next: MoveState) -> MoveDecision {
        state == .probation ? .advance(to: next) : .refuse(state.isOver ? .over : .notInProbation)
    }

    private var onCleanRequested: MoveDecision {
        switch state {
        case .retained: .advance(to: .cleaning)
        case .cleaning: .work
        case .finished, .aborted: .refuse(.over)
        case .planned, .prechecked, .prepared, .streaming, .copied, .ready, .fenced, .switchDecided, .probation,
            .revertFenced, .revertDecided, .finalizing, .aborting:
            .refuse(.notRetained)
        }
    }

    private var onAbortRequested: MoveDecision {
        switch state {
        case .planned, .prechecked, .prepared, .streaming, .copied, .ready: .advance(to: .aborting)
        case .fenced: .undo(to: .ready)
        case .aborting: .work
        case .switchDecided, .probation, .revertFenced, .revertDecided, .finalizing, .retained, .cleaning:
            .refuse(.decided)
        case .finished, .aborted: .refuse(.over)
        }
    }
}
