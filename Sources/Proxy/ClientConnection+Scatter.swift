// A batch that is a read of several segments: its gates are entered like those of any other, and then each instance is
// asked for its part (ScatterRead).
import ClusterModel
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

extension ClientConnection {
    /// The gates are entered.
    func startScatter(_ plan: BatchPlan, _ scatter: Scatter) throws(BatchFailure) {
        let request = try ScatterRequest(plan)
        if session.transaction.phase != .none { try beginScatterInBlock(request) }
        let read = ScatterRead(plan, request, try scatterPlan(scatter, request), scatter, for: self)
        plane.counters.scatteredReads += 1
        sentAt = plane.now
        usage.waitingSeconds = Double(sentAt &- arrivedAt) * 1e-9
        stage = .scattering(read)
        read.start()
    }

    private func scatterPlan(_ scatter: Scatter, _ request: ScatterRequest) throws(BatchFailure) -> ScatterPlan {
        if let plan = scatter.plan { return plan }
        do throws(Refusal) {
            return try plane.surroundings.analyzer.scatterPlan(of: request.sql)
        } catch {
            throw BatchFailure(Refusal.severalSegments(scatter.segments[0], scatter.segments[1]).and(error))
        }
    }

    func scatterEnded(_ read: ScatterRead) {
        meter(read, errors: 0)
        session.answered(
            read.batch, status: read.isInBlock ? .inTransaction : .idle, hadError: false, committed: false)
        write(RouterAnswers.ready(session.transaction.status))
        finishBatch()
        process()
    }

    func scatterFailed(_ read: ScatterRead, _ failure: BatchFailure) {
        abandonWaiting()
        plane.counters.scatteredReadsFailed += 1
        meter(read, errors: 1)
        write(RouterAnswers.encoded(.errorResponse(failure.message)))
        if !isAnswering { session.statements.undoChanges() }
        if session.refused() || !parked.isEmpty { rollBackAll() }
        leaveGates()
        endFailedBatch()
        process()
    }

    /// Each part is the load of its own segments.
    private func meter(_ read: ScatterRead, errors: Int) {
        let latency = Double(plane.now &- arrivedAt) * 1e-9
        for (index, part) in read.parts.enumerated() {
            var used = part.usage
            used.statements = index == 0 ? usage.statements : 0
            used.bytes = index == 0 ? usage.bytes : 0
            used.errors = index == 0 ? errors : 0
            used.waitingSeconds = usage.waitingSeconds
            used.latencySeconds = latency
            plane.meter.record(used, segments: part.segmentIDs)
        }
    }

    /// Asks the server to stop what the connection does.
    func cancel(at backend: BackendConnection) {
        guard let key = backend.key else { return }
        plane.counters.cancelsForwarded += 1
        backend.cancelSent()
        CancelRequest.send(key, to: backend.endpoint, on: plane.loop, within: plane.configuration.deadlines.connect) {
            backend.cancelEnded($0)
        }
    }
}
