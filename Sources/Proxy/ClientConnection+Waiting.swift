// What ends a wait, or a session, from outside: gates, deadlines, cancel requests, shutdown.
import ClusterModel
import NIOCore
import WireProtocol

extension ClientConnection {
    func gateOpened() {
        guard case .atGate(.batch(let plan)) = stage else { return }
        dispatch(plan)
        process()
    }

    func gateTimedOut() {
        guard case .atGate(let errand) = stage else { return }
        fail(
            errand,
            BatchFailure(
                .queryCanceled, "the segment did not change its instance within \(plane.configuration.deadlines.gate)",
                hint: "Nothing was sent: run the statement again."))
    }

    func queueTimedOut(at pool: InstancePool) {
        guard case .queued(let errand) = stage else { return }
        fail(
            errand,
            BatchFailure(
                .queryCanceled,
                "no connection of instance \(pool.instance.id) became free within \(plane.configuration.deadlines.queue)",
                hint: "Nothing was sent. Raise the instance's `connections`, or shorten the transactions."))
    }

    /// A transaction that has not reached its instance waits at the closing gate instead.
    func segmentCloses(_ segment: SegmentID) {
        // With other instances' branches it has more than a place in the queue to lose.
        guard session.transaction.touched.contains(segment), parked.isEmpty else { return }
        let plan: BatchPlan
        switch stage {
        case .queued(.batch(let waiting)): plan = waiting
        case .queued(.scatter(let read)) where !read.isInBlock:
            plan = read.batch
            read.abandon()
        case .loggingIn, .reading, .atGate, .queued(.login), .queued(.scatter), .preparing, .running, .scattering,
            .repeating, .committing, .discarding, .closed:
            return
        }
        abandonWaiting()
        leaveGates()
        dispatch(plan)
        process()
    }

    func cancelRequested() {
        switch stage {
        case .atGate(let errand), .queued(let errand):
            plane.counters.cancelsLocal += 1
            abandonWaiting()
            fail(errand, BatchFailure(.queryCanceled, "canceling statement due to user request"))
        case .preparing, .running: if let backend { cancel(at: backend) }
        case .scattering(let read): read.cancel()
        case .committing(let run, _): run.cancel()
        case .loggingIn, .reading, .repeating, .discarding, .closed: break
        }
    }

    /// For shutdown.
    func leaveIfIdle() {
        guard case .reading = stage, backend == nil, session.transaction.phase == .none else { return }
        closeWithError(.shutdown, DataPlane.shutdownError)
    }
}
