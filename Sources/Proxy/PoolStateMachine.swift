// The connections of one instance, as numbers: who has which, who waits, what to open. No sockets, no clock: time comes
// in as nanoseconds. Invariants, checked by a model in the tests:
//   - a connection is in exactly one state, and leased to at most one session;
//   - no session waits while a connection is idle;
//   - connections (opening, idle, leased) never exceed `connectionsMax`; waiting sessions never exceed `queueLengthMax`.
// A waiting session that gets no connection because none can be opened fails with the reason, not with its deadline.
import ClusterModel
import DequeModule

package typealias ConnectionID = Int
package typealias SessionID = Int
/// Nanoseconds of the loop's monotonic clock.
package typealias Instant = UInt64

package struct PoolStateMachine: Sendable {
    package struct Limits: Sendable {
        package var connectionsMax: Int
        package var queueLengthMax: Int
        package var queueTimeout: UInt64
        package var idleTimeout: UInt64
        package var backOffFirst: UInt64
        package var backOffMax: UInt64

        package init(
            connectionsMax: Int, queueLengthMax: Int, queueTimeout: UInt64, idleTimeout: UInt64, backOffFirst: UInt64,
            backOffMax: UInt64
        ) {
            self.connectionsMax = connectionsMax
            self.queueLengthMax = queueLengthMax
            self.queueTimeout = queueTimeout
            self.idleTimeout = idleTimeout
            self.backOffFirst = backOffFirst
            self.backOffMax = backOffMax
        }
    }

    /// opening → idle | leased | gone; idle → leased | gone; leased → idle | leased | gone.
    private enum Connection: Sendable {
        case opening
        case idle(since: Instant)
        case leased(to: SessionID)
    }

    private let limits: Limits
    private var connections: [ConnectionID: Connection] = [:]
    /// The most recently used last, so that the pool shrinks from the other end.
    private var idle: Deque<ConnectionID> = []
    private var waiters = FairQueue()
    private var openingCount = 0
    private var nextID = 0
    private var failures = 0
    private var retryAt: Instant = 0
    private var isDraining = false

    package init(limits: Limits) { self.limits = limits }

    package var idleCount: Int { idle.count }
    package var leasedCount: Int { connections.count - idle.count - openingCount }
    package var waitingCount: Int { waiters.count }
    package var connectionCount: Int { connections.count }
    package var isEmpty: Bool { connections.isEmpty && waiters.isEmpty }

    // MARK: Sessions

    package enum LeaseAction: Equatable, Sendable {
        case lease(ConnectionID)
        case park
        case parkAndOpen(ConnectionID)
        /// It waits, and this other session no longer does: its rejection is `queueFull`.
        case parkInPlaceOf(SessionID)
        case reject(Rejection)
    }

    package enum Rejection: Equatable, Sendable {
        case queueFull
        case draining
        case unreachable
    }

    /// - Parameter segment: what the session's statement is for; nil: no segment, or several.
    package mutating func leaseRequested(
        by session: SessionID, for segment: SegmentID? = nil, now: Instant
    ) -> LeaseAction {
        guard !isDraining else { return .reject(.draining) }
        if let connection = idle.popLast() {
            connections[connection] = .leased(to: session)
            return .lease(connection)
        }
        // For whom a connection opens does not stand in the queue: a cold pool takes as many as a warm one.
        let served = openingCount + (mayOpen(now) ? 1 : 0)
        guard !isBackingOff(now) || connections.count > openingCount else { return .reject(.unreachable) }
        let isFull = waiters.count >= limits.queueLengthMax + served
        let displaced = isFull ? waiters.makeRoom(for: segment) : nil
        guard !isFull || displaced != nil else { return .reject(.queueFull) }
        waiters.append(.init(session: session, segment: segment, deadline: now &+ limits.queueTimeout))
        if let displaced { return .parkInPlaceOf(displaced) }
        return openIfWanted(now).map { .parkAndOpen($0) } ?? .park
    }

    /// True when the session was waiting, and waits no more.
    package mutating func waitAbandoned(by session: SessionID) -> Bool {
        waiters.remove(session)
    }

    // MARK: Connections

    package enum ReadyAction: Equatable, Sendable {
        case lease(ConnectionID, to: SessionID)
        case keepIdle
        case close
    }

    package mutating func opened(_ connection: ConnectionID, now: Instant) -> ReadyAction {
        guard case .opening? = connections[connection] else { return .close }
        openingCount -= 1
        failures = 0
        retryAt = 0
        return becameFree(connection, now: now)
    }

    /// The connection's protocol state is proven idle.
    package mutating func released(_ connection: ConnectionID, now: Instant) -> ReadyAction {
        guard case .leased? = connections[connection] else {
            preconditionFailure(
                "connection \(connection) is released and was \(String(describing: connections[connection]))")
        }
        return becameFree(connection, now: now)
    }

    private mutating func becameFree(_ connection: ConnectionID, now: Instant) -> ReadyAction {
        guard !isDraining || !waiters.isEmpty else {
            connections[connection] = nil
            return .close
        }
        guard let waiter = waiters.popFirst() else {
            connections[connection] = .idle(since: now)
            idle.append(connection)
            return .keepIdle
        }
        connections[connection] = .leased(to: waiter.session)
        return .lease(connection, to: waiter.session)
    }

    package enum OpenFailedAction: Equatable, Sendable {
        /// These sessions have nothing to wait for.
        case fail([SessionID])
        case none
    }

    package mutating func openFailed(_ connection: ConnectionID, now: Instant) -> OpenFailedAction {
        guard case .opening? = connections.removeValue(forKey: connection) else { return .none }
        openingCount -= 1
        failures += 1
        let doublings = UInt64(min(failures - 1, 16))
        retryAt = now &+ min(limits.backOffFirst << doublings, limits.backOffMax)
        guard connections.isEmpty else { return .none }
        return .fail(waiters.removeAll())
    }

    /// A connection that was idle or leased is gone. A connection to open in its place, when sessions wait.
    package mutating func closed(_ connection: ConnectionID, now: Instant) -> ConnectionID? {
        switch connections.removeValue(forKey: connection) {
        case .opening: openingCount -= 1
        case .idle: idle.removeAll { $0 == connection }
        case .leased, nil: break
        }
        return openIfWanted(now)
    }

    // MARK: Time

    package struct TickActions: Equatable, Sendable {
        package var expired: [SessionID] = []
        package var close: [ConnectionID] = []
        package var open: [ConnectionID] = []
    }

    package mutating func ticked(now: Instant) -> TickActions {
        var actions = TickActions()
        actions.expired = waiters.removeExpired(at: now)
        while let oldest = idle.first, case .idle(let since)? = connections[oldest],
            isDraining || since &+ limits.idleTimeout <= now
        {
            idle.removeFirst()
            connections[oldest] = nil
            actions.close.append(oldest)
        }
        while let opening = openIfWanted(now) { actions.open.append(opening) }
        return actions
    }

    /// The instance leaves: waiting sessions fail, idle connections close at the next tick, leased ones when released.
    package mutating func drainStarted() -> [SessionID] {
        isDraining = true
        return waiters.removeAll()
    }

    /// One opening connection for each waiting session, within the limit; a single one while the instance is doubtful.
    private mutating func openIfWanted(_ now: Instant) -> ConnectionID? {
        guard openingCount < waiters.count, mayOpen(now) else { return nil }
        nextID += 1
        connections[nextID] = .opening
        openingCount += 1
        return nextID
    }

    private func mayOpen(_ now: Instant) -> Bool {
        connections.count < limits.connectionsMax && !isBackingOff(now) && (failures == 0 || openingCount == 0)
    }

    private func isBackingOff(_ now: Instant) -> Bool { failures > 0 && now < retryAt }
}
