// Two-phase commit of a transaction over several instances, as decisions without I/O.
// Invariant: COMMIT PREPARED is ordered only after every branch has said that it is prepared and the decision is durable;
// a branch that may be prepared is rolled back only while no decision was asked for.
//
// "Presumed abort" (Mohan, Lindsay, Obermarck 1986): only commits are written down, so that a prepared branch without a
// decision, and without a router that works on it, is one to roll back.

struct CommitStateMachine {
    enum Action: Equatable {
        /// PREPARE TRANSACTION on all branches.
        case prepareAll
        /// Make the decision to commit durable.
        case decide
        /// COMMIT PREPARED on all branches.
        case commitAll
        /// ROLLBACK PREPARED where `prepared` says so, ROLLBACK on the others; those that are lost are left out.
        case rollBack(prepared: [Int], open: [Int])
        case finish(Outcome)
        case none
    }

    enum Outcome: Equatable {
        case committed
        /// Decided, but not yet done on all branches: what is left is finished by whoever reconciles the instances.
        case committedInDoubt
        /// Nothing of it is done, or will be.
        case rolledBack
        /// Whether it was decided is not known here.
        case unknown
    }

    private enum Branch: Equatable {
        case asked
        case prepared
        case failed
        case lost
        case done
    }

    private enum Phase: Equatable {
        case preparing
        case deciding
        case committing
        case rollingBack
        case ended
    }

    private var phase = Phase.preparing
    private var branches: [Branch]

    init(branchCount: Int) { branches = Array(repeating: .asked, count: branchCount) }

    func started() -> Action { .prepareAll }

    /// Whether a branch that is lost from now on was to be committed.
    var isDecided: Bool { phase == .committing }

    mutating func succeeded(_ index: Int) -> Action {
        switch phase {
        case .preparing:
            branches[index] = .prepared
            return afterPreparing()
        case .committing, .rollingBack:
            branches[index] = .done
            return afterLast()
        case .deciding, .ended: return .none
        }
    }

    /// The instance answered with an error.
    mutating func failed(_ index: Int) -> Action {
        switch phase {
        case .preparing:
            branches[index] = .failed
            return afterPreparing()
        case .committing, .rollingBack: return lost(index)
        case .deciding, .ended: return .none
        }
    }

    /// The connection is gone: what the instance did last is not known.
    mutating func lost(_ index: Int) -> Action {
        guard branches[index] != .done else { return .none }
        branches[index] = .lost
        switch phase {
        case .preparing: return afterPreparing()
        case .committing, .rollingBack: return afterLast()
        // Prepared is prepared, whoever is connected.
        case .deciding, .ended: return .none
        }
    }

    mutating func decided() -> Action {
        guard phase == .deciding else { return .none }
        phase = .committing
        let action = afterLast()
        return action == .none ? .commitAll : action
    }

    /// The log could not say that it has the decision; it may have it all the same.
    mutating func decisionFailed() -> Action {
        guard phase == .deciding else { return .none }
        phase = .ended
        return .finish(.unknown)
    }

    /// Branches that are to be sent what the phase orders.
    var reachable: [Int] { branches.indices.filter { branches[$0] != .lost && branches[$0] != .done } }

    private mutating func afterPreparing() -> Action {
        guard !branches.contains(.asked) else { return .none }
        guard branches.contains(where: { $0 != .prepared }) else {
            phase = .deciding
            return .decide
        }
        phase = .rollingBack
        let prepared = branches.indices.filter { branches[$0] == .prepared }
        let open = branches.indices.filter { branches[$0] == .failed }
        guard !prepared.isEmpty || !open.isEmpty else {
            phase = .ended
            return .finish(.rolledBack)
        }
        return .rollBack(prepared: prepared, open: open)
    }

    private mutating func afterLast() -> Action {
        guard branches.allSatisfy({ $0 == .done || $0 == .lost }) else { return .none }
        let isCommit = phase == .committing
        phase = .ended
        guard isCommit else { return .finish(.rolledBack) }
        return .finish(branches.contains(.lost) ? .committedInDoubt : .committed)
    }
}
