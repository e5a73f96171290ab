// How a batch ends: answered by the instance, answered by the router, refused, or lost. Then reading goes on.
import ClusterModel
import NIOCore
import WireProtocol

extension ClientConnection {
    func answerLocally(_ plan: BatchPlan) {
        for step in plan.steps { if case .answer(let bytes) = step { write(bytes) } }
        if plan.end == .readyFromRouter || plan.end == .ready { write(RouterAnswers.ready(session.transaction.status)) }
        finishBatch()
    }

    func finishBatch() {
        batch.clear()
        session.statements.keepChanges()
        stage = .reading
        if case .none = session.transaction.phase, backend == nil { leaveGates() }
    }

    func leaveGates() {
        let touched = session.transaction.touched
        guard !touched.isEmpty else { return }
        session.transaction.touched.removeAll(keepingCapacity: true)
        plane.left(touched)
    }

    func releaseBackend() {
        guard let backend, let pool = leasedFrom else { return }
        self.backend = nil
        leasedFrom = nil
        pool.release(backend)
    }

    /// The instance has answered the batch.
    func ended(_ plan: BatchPlan, at backend: BackendConnection) {
        meter()
        let hadError = usage.errors > 0
        switch plan.end {
        case .ready:
            answered(plan, backend, hadError: hadError)
            if !parked.isEmpty, !plan.controls.isEmpty, !hadError { return repeatControls(plan) }
            if backend.machine.status == .idle { releaseBackend() }
            finishBatch()
        case .readyFromRouter:
            if hadError { _ = session.refused() }
            releaseBackend()
            write(RouterAnswers.ready(session.transaction.status))
            finishBatch()
        case .flush:
            session.flushed(plan, hadError: hadError)
            finishBatch()
            if hadError { stage = .discarding }
        case .leg: legEnded(plan, at: backend, hadError: hadError)
        case .flushWithSync:
            if hadError { _ = session.refused() }
            releaseBackend()
            finishBatch()
            if hadError { stage = .discarding }
        }
        process()
    }

    private func answered(_ plan: BatchPlan, _ backend: BackendConnection, hadError: Bool) {
        if plan.changesDefinitions { session.transaction.changesDefinitions = true }
        // Sessions that prepare a text from now on get it prepared anew.
        if session.transaction.changesDefinitions, backend.machine.status == .idle {
            plane.surroundings.names.forgetAll()
        }
        let isCertain = session.answered(
            plan, status: backend.machine.status, hadError: hadError, committed: backend.lastCommandWasCommit)
        if isCertain { backend.settings = session.settings }
    }

    private func meter() {
        let now = plane.now
        usage.busySeconds = Double(now &- sentAt) * 1e-9
        usage.latencySeconds = Double(now &- arrivedAt) * 1e-9
        plane.meter.record(usage, segments: meteredSegments)
    }

    /// A batch without a key, inside a transaction, is part of what the transaction does with its last segment.
    var meteredSegments: [SegmentID] {
        segments.isEmpty ? session.transaction.touched.last.map { [$0] } ?? [] : segments
    }

    /// Of what was meant for known segments: they waited in vain.
    private func meterFailure() {
        guard !segments.isEmpty else { return }
        usage.errors += 1
        usage.waitingSeconds = Double(plane.now &- arrivedAt) * 1e-9
        usage.latencySeconds = usage.waitingSeconds
        plane.meter.record(usage, segments: segments)
    }

    func fail(_ errand: Errand, _ failure: BatchFailure) {
        switch errand {
        case .login: rejectLogin(failure.message.sqlState, failure.message.message, hint: failure.message.hint)
        case .batch: failBatch(failure)
        case .scatter(let read):
            read.abandon()
            failBatch(failure)
        }
        process()
    }

    /// The router answers the batch with an error.
    func failBatch(_ failure: BatchFailure) {
        plane.counters.statementsRefused += 1
        meterFailure()
        write(RouterAnswers.encoded(.errorResponse(failure.message)))
        session.statements.undoChanges()
        if session.refused() || !parked.isEmpty { rollBackAll() }
        dropLegs()
        leaveGates()
        endFailedBatch()
    }

    /// After an error the extended protocol discards up to Sync.
    func endFailedBatch() {
        let end = batch.end
        batch.clear()
        switch end {
        case .query, .sync:
            stage = .reading
            write(RouterAnswers.ready(session.transaction.status))
        case .flush: stage = .discarding
        }
    }

    func lostInstance(midRow: Bool) {
        guard !midRow else {
            close(.clientAnsweredPartly)
            return
        }
        let hadError = usage.errors > 0
        if !isAnswering { session.statements.undoChanges() }
        session.instanceLost()
        rollBackAll()
        if !hadError { writeLoss("while it worked on the statement", mayBeCommitted: true) }
        endFailedBatch()
        process()
    }

    /// Between the batches of a transaction, or while one of them waits: nothing of it was committed.
    func lostTransaction() {
        let wasHeldForSync = session.isHeldForSync
        session.instanceLost()
        rollBackAll()
        switch stage {
        case .atGate:
            abandonWaiting()
            session.statements.undoChanges()
            writeLoss("of the transaction", mayBeCommitted: false)
            endFailedBatch()
        case .reading where wasHeldForSync:
            // The client was told what its statements did: the Sync must not acknowledge them.
            batch.clear()
            stage = .discarding
            writeLoss("of the transaction", mayBeCommitted: false)
        // A block: the next statement finds it failed. Or the client has its error.
        case .reading, .discarding: return
        case .loggingIn, .queued, .preparing, .running, .scattering, .repeating, .committing, .closed:
            preconditionFailure("a transaction is lost between batches in \(stage)")
        }
        process()
    }

    private func writeLoss(_ when: String, mayBeCommitted: Bool) {
        let error = ServerMessage(
            sqlState: .connectionFailure, message: "the instance closed the connection \(when)",
            hint: "Run the transaction again\(mayBeCommitted ? "; whether it had been committed is not known" : "").")
        write(RouterAnswers.encoded(.errorResponse(error)))
    }
}
