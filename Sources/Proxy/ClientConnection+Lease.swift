// From a plan to a connection: through the gates of its segments, the queue of its instance, and the preparation of the
// connection, to the bytes on their way.
import ClusterModel
import NIOCore
import WireProtocol

extension ClientConnection {
    /// - Parameter isNew: false when it is called again, because a gate has opened.
    func dispatch(_ plan: BatchPlan, isNew: Bool = false) {
        switch plan.ending {
        case .commit where session.transaction.hasLostBranch:
            rollBackAll()
            session.transactionEnded()
            return failBatch(.lostBranch)
        case .commit: return startCommit(plan)
        case .rollback: return rollBackDistributed(plan)
        case nil: break
        }
        let isImplicit = session.transaction.isImplicit
        guard plan.needsInstance else {
            // The end of a pipeline that was answered so far.
            if isImplicit, batch.end == .sync { return startCommit(plan) }
            answerLocally(plan)
            return
        }
        do throws(BatchFailure) {
            if session.transaction.hasLostBranch { throw .lostBranch }
            if isImplicit, plan.confinement != nil { throw .inImplicitTransaction }
            var destination = try Destination.resolve(
                plan, plane.table, held: leasedFrom?.instance.id, transaction: session.transaction,
                span: session.span(plan, isAllowed: plane.commitLog != nil))
            let insert = try shareOut(plan, &destination)
            segments = destination.segments
            if isNew { noteArrival(destination) }
            guard try enterGates(plan) else { return }
            if let scatter = destination.scatter {
                try startScatter(plan, scatter)
            } else if let insert {
                startInsert(insert)
            } else if destination.legs.isEmpty && !goesByLegs(plan) {
                send(plan, at: destination.instance)
            } else {
                startLegs(plan, destination)
            }
        } catch {
            failBatch(error)
        }
    }

    private func noteArrival(_ destination: Destination) {
        guard let scatter = destination.scatter else { return plane.meter.arrived(for: meteredSegments) }
        for part in scatter.parts { plane.meter.arrived(for: part.segments.map(\.id)) }
    }

    /// False when the session waits at a gate.
    private func enterGates(_ plan: BatchPlan) throws(BatchFailure) -> Bool {
        guard !segments.isEmpty else { return true }
        if session.transaction.phase != .none, session.transaction.firstTable == nil {
            session.transaction.firstTable = plane.table
        }
        let touched = session.transaction.touched
        let new = touched.isEmpty ? segments : segments.filter { !touched.contains($0) }
        guard !new.isEmpty else { return true }
        switch plane.gate.entered(new, by: id, now: plane.now) {
        case .pass:
            session.transaction.touched += new
            return true
        case .park:
            stage = .atGate(.batch(plan))
            return false
        case .reject(let segment):
            plane.counters.gateOverflows += 1
            throw BatchFailure(
                .tooManyConnections, "too many sessions wait for segment \(segment) to change its instance",
                hint: "Try again shortly.")
        }
    }

    func lease(for errand: Errand, at instance: InstanceID?) {
        guard let pool = instance.flatMap({ plane.pool($0) }) else {
            if plane.isFenced(instance) {
                fail(
                    errand,
                    BatchFailure(
                        .cannotConnectNow, "instance \(instance?.text ?? "") is being taken over by its standby",
                        hint: "Try again shortly."))
                return
            }
            fail(
                errand, BatchFailure(.connectionFailure, "instance \(instance?.text ?? "") is not known to the router"))
            return
        }
        stage = .queued(errand)
        switch pool.lease(for: id, segments.count == 1 ? segments[0] : nil) {
        case .leased(let backend): granted(backend, by: pool)
        case .parked(let displaced):
            plane.waits(id, at: pool)
            if let displaced { plane.denied(displaced, .queueFull, by: pool) }
        case .rejected(let rejection): denied(rejection, by: pool)
        }
    }

    func granted(_ backend: BackendConnection, by pool: InstancePool) {
        guard case .queued(let errand) = stage else {
            preconditionFailure("a connection is granted to a session in \(stage)")
        }
        if case .scatter(let read) = errand {
            stage = .scattering(read)
            return read.granted(backend, by: pool, settings: session.settings)
        }
        take(backend, from: pool)
        guard backend.settings == session.settings else {
            applySettings(for: errand, backend)
            return
        }
        switch errand {
        case .login: handOverLogin(errand)
        case .batch(let plan): send(plan, to: backend)
        case .scatter: preconditionFailure("a read of several segments has connections of its own")
        }
    }

    /// Only on a connection that was just granted: in the middle of a transaction it would undo what the client set there.
    private func applySettings(for errand: Errand, _ backend: BackendConnection) {
        backend.settings = session.settings
        plane.counters.settingsApplied += 1
        stage = .preparing(errand)
        backend.sendSilently(session.settings.sql)
    }

    /// Through the loop, so that a connection that goes from one log-in to the next does not go down the stack with them.
    private func handOverLogin(_ errand: Errand) {
        stage = .preparing(errand)
        plane.loop.execute { if case .preparing(.login) = self.stage { self.loginPrepared() } }
    }

    func denied(_ rejection: PoolStateMachine.Rejection, by pool: InstancePool) {
        guard case .queued(let errand) = stage else { return }
        switch rejection {
        case .queueFull:
            plane.counters.queueOverflows += 1
            fail(
                errand,
                BatchFailure(
                    .tooManyConnections, "too many sessions wait for a connection of instance \(pool.instance.id)",
                    hint: "Try again later, or raise the instance's `connections` or `router.queue_max`."))
        case .draining:
            fail(errand, BatchFailure(.cannotConnectNow, "instance \(pool.instance.id) is leaving the cluster"))
        case .unreachable:
            fail(
                errand,
                BatchFailure(
                    .connectionFailure, "instance \(pool.instance.id) cannot be reached: \(pool.lastFailure)",
                    hint: "Check that \(pool.instance.endpoint) accepts connections from the router."))
        }
    }

    // MARK: Sending

    func send(_ plan: BatchPlan, to backend: BackendConnection) {
        if plan.settings != nil { backend.settings = nil }
        if begin(plan, backend) || beginBranch(plan, backend) { return }
        sentAt = plane.now
        usage.waitingSeconds = Double(sentAt &- arrivedAt) * 1e-9
        stage = .running(plan)
        backend.send(plan)
        if backend.machine.isQuiet { instanceBecameQuiet() }
    }

    /// Sends the deferred BEGIN and what follows it. True when the batch must wait for the answer.
    private func begin(_ plan: BatchPlan, _ backend: BackendConnection) -> Bool {
        guard plan.executes, case .deferred(let prelude) = session.transaction.phase else { return false }
        session.transaction.phase = .open
        session.transaction.prelude = prelude
        if session.transaction.settings != nil { backend.settings = nil }
        backend.sendSilently(prelude.joined(separator: "\n;"))
        // A plain BEGIN cannot fail where the statement after it would not: it need not be waited for.
        guard prelude.count > 1 || !Self.plainBegins.contains(prelude[0].lowercased()) else { return false }
        stage = .preparing(.batch(plan))
        return true
    }

    private static let plainBegins: Set = [
        "begin", "begin;", "begin transaction", "begin transaction;", "start transaction", "start transaction;",
    ]
}
