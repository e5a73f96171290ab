// A transaction over several instances, from the client's side: one branch is spoken to, the others are parked.
// Invariant: while any branch is parked, the block ends by CommitRun or by a rollback of all branches.
import ClusterModel
import NIOCore
import WireProtocol

extension ClientConnection {
    /// Sends the plan to the instance, on the connection that the session has there or on a new one.
    func send(_ plan: BatchPlan, at instance: InstanceID?) {
        guard let backend, let leasedFrom else {
            return lease(for: .batch(plan), at: instance ?? plane.anyInstance())
        }
        guard let instance, leasedFrom.instance.id != instance else { return send(plan, to: backend) }
        joinBranches()
        park(backend, leasedFrom)
        self.backend = nil
        self.leasedFrom = nil
        guard let index = parked.firstIndex(where: { $0.instance == instance }) else {
            isEnlisting = true
            return lease(for: .batch(plan), at: instance)
        }
        guard let (backend, pool) = parked.remove(at: index).resume() else {
            return failBatch(BatchFailure.commitFailed("closed the connection", instance))
        }
        take(backend, from: pool)
        send(plan, to: backend)
    }

    /// From now on the transaction is one of several instances.
    func joinBranches() {
        if !session.transaction.isDistributed, let lockLimit { backend?.sendSilently(lockLimit) }
        session.transaction.isDistributed = true
    }

    func park(_ backend: BackendConnection, _ pool: InstancePool) {
        let branch = Branch(backend, of: pool)
        branch.onLoss = { self.session.transaction.hasLostBranch = true }
        parked.append(branch)
    }

    func take(_ backend: BackendConnection, from pool: InstancePool) {
        backend.lessee = self
        self.backend = backend
        leasedFrom = pool
        if !isWritable { backend.setReading(false) }
    }

    /// The further branch begins as the block did. True when the batch must wait for the answer.
    func beginBranch(_ plan: BatchPlan, _ backend: BackendConnection) -> Bool {
        guard isEnlisting else { return false }
        isEnlisting = false
        if session.transaction.prelude.count > 1 { backend.settings = nil }
        backend.sendSilently(branchPrelude)
        stage = .preparing(.batch(plan))
        return true
    }

    /// What a branch is told before its first statement.
    var branchPrelude: String {
        var prelude = session.transaction.prelude
        // Before the first SAVEPOINT: no ROLLBACK TO undoes it.
        if let lockLimit { prelude.insert(lockLimit, at: min(1, prelude.count)) }
        return prelude.joined(separator: "\n;")
    }

    /// Of the block only, and where the client has not set its own.
    private var lockLimit: String? {
        let limit = plane.configuration.deadlines.distributedLock
        guard limit > .zero else { return nil }
        return "SELECT set_config('lock_timeout', '\(limit.nanoseconds / 1_000_000)ms', true) "
            + "WHERE current_setting('lock_timeout') = '0'"
    }

    /// Nothing of the transaction stays, anywhere. The segments on an instance are left when that is so there.
    func rollBackAll() {
        var touched = session.transaction.touched
        session.transaction.touched = []
        for branch in parked {
            let own = touched.filter { plane.table[$0] == branch.instance }
            touched.removeAll { own.contains($0) }
            branch.onLoss = {}
            branch.rollBack(leaving: own, plane)
        }
        parked = []
        isEnlisting = false
        dropLegs()
        guard let backend, let pool = leasedFrom else { return plane.left(touched) }
        self.backend = nil
        leasedFrom = nil
        pool.recover(backend, segments: touched)
    }

    // MARK: Legs of a batch

    /// The gates are entered.
    func startLegs(_ plan: BatchPlan, _ destination: Destination) {
        beginImplicitly()
        let whole = (destination.instance ?? plane.anyInstance()).map {
            Destination.Leg(instance: $0, segments: destination.segments, firstStep: 0)
        }
        let parts = destination.legs.isEmpty ? [whole].compactMap { $0 } : destination.legs
        let plans = plan.split(into: parts, isImplicit: session.transaction.isImplicit)
        legs = zip(parts, plans).map { ($0, $1) }[...]
        nextLeg()
    }

    /// The gates are entered.
    func startInsert(_ insert: PendingInsert) {
        beginImplicitly()
        sharedInsert = insert.shared
        legs = insert.legs[...]
        nextLeg()
    }

    /// Outside of a block the router opens one.
    private func beginImplicitly() {
        guard session.transaction.phase == .none else { return }
        session.transaction.phase = .deferred(["BEGIN"])
        session.transaction.isImplicit = true
    }

    /// Whether a batch for one instance is followed by more, perhaps elsewhere: then its instance is asked for its
    /// ReadyForQuery, whether or not the client has sent its Sync.
    func goesByLegs(_ plan: BatchPlan) -> Bool {
        if session.transaction.isImplicit { return true }
        guard plan.end == .flush, plan.executes, session.transaction.phase != .none else { return false }
        return session.span(plan, isAllowed: plane.commitLog != nil) == .severalInstances
    }

    func relay(_ bytes: ByteBuffer, of insert: SharedInsert) {
        do throws(BatchFailure) {
            let passed = try insert.received(bytes)
            if passed.readableBytes > 0 { write(passed) }
        } catch {
            // It is told when the leg ends.
            insertFailure = insertFailure ?? error
        }
    }

    private func nextLeg() {
        guard let (leg, plan) = legs.popFirst() else { preconditionFailure("a batch has no more legs") }
        segments = leg.segments
        usage = BatchUsage()
        usage.statements = plan.statementCount
        usage.bytes = plan.bytes
        send(plan, at: leg.instance)
    }

    /// A leg was answered, and more follows.
    func legEnded(_ plan: BatchPlan, at backend: BackendConnection, hadError: Bool) {
        guard !hadError else { return legFailed(plan, backend) }
        if let insertFailure { return failBatch(insertFailure) }
        session.answered(plan, status: backend.machine.status, hadError: false, committed: false)
        guard legs.isEmpty else {
            sharedInsert?.nextLeg()
            return nextLeg()
        }
        var rest = BatchPlan()
        rest.end = .readyFromRouter
        if let sharedInsert { rest.steps = [.answer(sharedInsert.answer)] }
        sharedInsert = nil
        // More follows, or the Sync.
        if batch.end == .flush { rest.end = .flush }
        guard session.transaction.isImplicit, batch.end != .flush else { return answerLocally(rest) }
        startCommit(rest)
    }

    /// The client has the error: it gets the end of the batch.
    private func legFailed(_ plan: BatchPlan, _ backend: BackendConnection) {
        dropLegs()
        if session.transaction.isImplicit {
            rollBackAll()
            session.transactionEnded()
        } else {
            session.answered(plan, status: backend.machine.status, hadError: true, committed: false)
        }
        endFailedBatch()
        if case .none = session.transaction.phase { leaveGates() }
    }

    /// What they would have prepared, the session does not have.
    func dropLegs() {
        sharedInsert = nil
        insertFailure = nil
        guard !legs.isEmpty else { return }
        parsesStruck(legs.flatMap { $0.plan.parses })
        legs = []
    }

    // MARK: The state of the block

    /// SAVEPOINT, SET and the like were answered by one branch: the others do the same before the client goes on.
    func repeatControls(_ plan: BatchPlan) {
        stage = .repeating
        let sql = plan.controls.joined(separator: "\n;")
        var outstanding = parked.count
        for branch in parked {
            branch.backend?.settings = nil
            branch.run(sql) { ending in
                if case .completed = ending {} else { self.session.transaction.hasLostBranch = true }
                outstanding -= 1
                guard outstanding == 0, case .repeating = self.stage else { return }
                self.finishBatch()
                self.process()
            }
        }
    }

    // MARK: The end

    /// - Parameter plan: what the client is answered once it is committed.
    func startCommit(_ plan: BatchPlan) {
        guard let log = plane.commitLog, let backend, let pool = leasedFrom else {
            preconditionFailure("a commit over several instances without a log or a branch")
        }
        let branches = parked + [Branch(backend, of: pool)]
        parked = []
        self.backend = nil
        leasedFrom = nil
        let run = CommitRun(plane.nextCommit(log), branches, log, for: self)
        stage = .committing(run, plan)
        run.start()
    }

    func commitEnded(_ outcome: CommitStateMachine.Outcome, _ error: ServerMessage?) {
        guard case .committing(_, let plan) = stage else { preconditionFailure("a commit ended in \(stage)") }
        switch outcome {
        case .committed, .committedInDoubt:
            session.distributedCommitted()
            if outcome == .committedInDoubt { write(Self.inDoubtWarning) }
            answerLocally(plan)
        case .rolledBack:
            session.transactionEnded()
            failBatch(error.map(BatchFailure.init) ?? .malformed)
        case .unknown:
            session.transactionEnded()
            failBatch(
                BatchFailure(
                    .statementCompletionUnknown, "whether the transaction was committed could not be written down",
                    hint: "It is either committed or rolled back on all instances: look before you run it again."))
        }
        process()
    }

    func rollBackDistributed(_ plan: BatchPlan) {
        rollBackAll()
        session.transactionEnded()
        answerLocally(plan)
    }

    private static let inDoubtWarning = RouterAnswers.warning(
        "01000", "the transaction is committed, but an instance was lost before it had done so: it follows")
}

extension SQLState {
    static let statementCompletionUnknown = SQLState("40003")
}
