// The gate of each segment: it counts the transactions that have touched the segment, and holds new ones while the
// segment changes its owner.
//
//   open ──closeRequested──▶ closing ──last transaction left──▶ closed ──opened──▶ open
//                               └──────drainTimedOut───────────────────────────────▶ open
//
// Invariants: while a segment is closed no transaction is in flight on it; a transaction that is already in flight on a
// closing segment is never held there (it must end for the drain to end); waiting sessions leave in order of arrival.
import ClusterModel
import DequeModule

package struct PauseGate: Sendable {
    private enum State: Sendable {
        case closing
        case closed
    }

    private struct Waiter: Sendable {
        let session: SessionID
        let deadline: Instant
    }

    private struct Barrier: Sendable {
        var state: State
        var waiters: Deque<Waiter> = []
    }

    private let queueLengthMax: Int
    private let timeout: UInt64
    private var inFlight: [SegmentID: Int] = [:]
    /// Only the segments that are not open.
    private var barriers: [SegmentID: Barrier] = [:]

    package init(queueLengthMax: Int, timeout: UInt64) {
        self.queueLengthMax = queueLengthMax
        self.timeout = timeout
    }

    package var waitingCount: Int { barriers.values.reduce(0) { $0 + $1.waiters.count } }
    package func transactionsInFlight(on segment: SegmentID) -> Int { inFlight[segment] ?? 0 }

    // MARK: Transactions

    package enum EnterAction: Equatable, Sendable {
        case pass
        case park(SegmentID)
        case reject(SegmentID)
    }

    /// A transaction wants segments that it has not touched yet: it enters all of them, or none.
    package mutating func entered(_ segments: [SegmentID], by session: SessionID, now: Instant) -> EnterAction {
        if !barriers.isEmpty, let held = segments.first(where: { barriers[$0] != nil }) {
            return park(session, at: held, now)
        }
        for segment in segments { inFlight[segment, default: 0] += 1 }
        return .pass
    }

    private mutating func park(_ session: SessionID, at segment: SegmentID, _ now: Instant) -> EnterAction {
        guard barriers[segment, default: Barrier(state: .closed)].waiters.count < queueLengthMax else {
            return .reject(segment)
        }
        barriers[segment]?.waiters.append(Waiter(session: session, deadline: now &+ timeout))
        return .park(segment)
    }

    /// A transaction ended. The segments that are closed by that.
    package mutating func left(_ segments: [SegmentID]) -> [SegmentID] {
        var drained: [SegmentID] = []
        for segment in segments {
            guard let count = inFlight[segment], count > 0 else {
                preconditionFailure("a transaction left \(segment), where none is in flight")
            }
            inFlight[segment] = count - 1
            guard count == 1, barriers[segment]?.state == .closing else { continue }
            barriers[segment]?.state = .closed
            drained.append(segment)
        }
        return drained
    }

    /// True when the session waited at a gate, and waits no more.
    package mutating func waitAbandoned(by session: SessionID) -> Bool {
        for (segment, barrier) in barriers {
            guard let index = barrier.waiters.firstIndex(where: { $0.session == session }) else { continue }
            barriers[segment]?.waiters.remove(at: index)
            return true
        }
        return false
    }

    package mutating func ticked(now: Instant) -> [SessionID] {
        guard !barriers.isEmpty else { return [] }
        var expired: [SessionID] = []
        for segment in barriers.keys {
            while let first = barriers[segment]?.waiters.first, first.deadline <= now {
                barriers[segment]?.waiters.removeFirst()
                expired.append(first.session)
            }
        }
        return expired
    }

    // MARK: Moves

    package enum CloseAction: Equatable, Sendable {
        case closed
        case draining
        case alreadyClosing
    }

    package mutating func closeRequested(_ segment: SegmentID) -> CloseAction {
        switch barriers[segment]?.state {
        case .closing: return .alreadyClosing
        case .closed: return .closed
        case nil:
            let isDrained = transactionsInFlight(on: segment) == 0
            barriers[segment] = Barrier(state: isDrained ? .closed : .closing)
            return isDrained ? .closed : .draining
        }
    }

    package enum DrainTimeoutAction: Equatable, Sendable {
        /// The drain had ended, or was given up.
        case ignore
        case reopen([SessionID])
    }

    package mutating func drainTimedOut(_ segment: SegmentID) -> DrainTimeoutAction {
        barriers[segment]?.state == .closing ? .reopen(opened(segment)) : .ignore
    }

    /// The sessions to go on, in their order.
    package mutating func opened(_ segment: SegmentID) -> [SessionID] {
        barriers.removeValue(forKey: segment)?.waiters.map(\.session) ?? []
    }
}
