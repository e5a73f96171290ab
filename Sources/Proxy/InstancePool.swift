// The driver of one instance's pool: opens and closes sockets as PoolStateMachine decides. Confined to the data plane's
// loop.
import ClusterModel
import Logging
import NIOCore
import NIOPosix
import TransportSecurity

final class InstancePool {
    /// What a lessee gets when it asks.
    enum Lease {
        case leased(BackendConnection)
        /// `displaced`: the session that had to go for it.
        case parked(displaced: SessionID?)
        case rejected(PoolStateMachine.Rejection)
    }

    /// A connection whose client left while it was busy: it is brought to rest, and then released.
    private struct Recovery {
        let segments: [SegmentID]
        let deadline: Instant
        var hasRolledBack = false
    }

    let instance: Instance
    let plane: DataPlane
    private var machine: PoolStateMachine
    private var connections: [ConnectionID: BackendConnection] = [:]
    private var recovering: [ConnectionID: Recovery] = [:]
    /// Proven idle, but a cancel request may still hit them.
    private var awaitingCancels: Set<ConnectionID> = []
    private(set) var lastFailure = "it did not answer"
    private var answers = 0

    init(_ routed: RoutedInstance, plane: DataPlane) {
        instance = routed.instance
        self.plane = plane
        let limits = plane.configuration.limits
        let deadlines = plane.configuration.deadlines
        machine = PoolStateMachine(
            limits: .init(
                connectionsMax: routed.connectionsMax, queueLengthMax: limits.queueLengthMax,
                queueTimeout: deadlines.queue.nanoseconds, idleTimeout: deadlines.idleConnection.nanoseconds,
                backOffFirst: deadlines.connectBackOff.nanoseconds, backOffMax: deadlines.connectBackOffMax.nanoseconds)
        )
    }

    var hasIdle: Bool { machine.idleCount > 0 }
    var isEmpty: Bool { machine.isEmpty }

    var status: ProxyStatus.Pool {
        ProxyStatus.Pool(
            instance: instance.id, leased: machine.leasedCount, idle: machine.idleCount,
            connecting: machine.connectionCount - machine.leasedCount - machine.idleCount,
            waiting: machine.waitingCount, answers: answers)
    }

    // MARK: Leasing

    func lease(for session: SessionID, _ segment: SegmentID?) -> Lease {
        switch machine.leaseRequested(by: session, for: segment, now: plane.now) {
        case .lease(let id): return .leased(connection(id))
        case .park: return .parked(displaced: nil)
        case .parkInPlaceOf(let other): return .parked(displaced: other)
        case .parkAndOpen(let id):
            open(id)
            return .parked(displaced: nil)
        case .reject(let rejection): return .rejected(rejection)
        }
    }

    func waitAbandoned(by session: SessionID) -> Bool { machine.waitAbandoned(by: session) }

    /// Gives a connection back. One that is not proven idle is closed.
    func release(_ connection: BackendConnection) {
        connection.lessee = nil
        connection.setReading(true)
        guard connection.machine.isProvenIdle else {
            connection.close(.notProvenIdle)
            return
        }
        guard connection.cancelsInFlight == 0 else {
            awaitingCancels.insert(connection.id)
            return
        }
        giveBack(connection)
    }

    func cancelsEnded(_ connection: BackendConnection) {
        if awaitingCancels.remove(connection.id) != nil { giveBack(connection) }
    }

    private func giveBack(_ connection: BackendConnection) {
        if let reason = connection.unfit {
            connection.close(reason)
        } else {
            obey(machine.released(connection.id, now: plane.now), connection)
        }
    }

    /// The client left or was refused: the connection is rolled back, and only then are its segments left.
    func recover(_ connection: BackendConnection, segments: [SegmentID]) {
        connection.lessee = nil
        connection.setReading(true)
        // The server waits for data that nobody will send; without them nothing is committed.
        if connection.takesCopyMessages {
            connection.close(.clientLeftCopying)
            return plane.left(segments)
        }
        recovering[connection.id] = Recovery(
            segments: segments, deadline: plane.now &+ plane.configuration.deadlines.rollback.nanoseconds)
        if connection.machine.isQuiet { becameQuiet(connection) }
    }

    func becameQuiet(_ connection: BackendConnection) {
        guard var recovery = recovering[connection.id] else { return }
        if !recovery.hasRolledBack && !connection.machine.isProvenIdle {
            recovery.hasRolledBack = true
            recovering[connection.id] = recovery
            connection.sendSilently("ROLLBACK")
            return
        }
        recovering[connection.id] = nil
        plane.left(recovery.segments)
        release(connection)
    }

    private func obey(_ action: PoolStateMachine.ReadyAction, _ connection: BackendConnection) {
        switch action {
        case .lease(_, let session): plane.granted(connection, to: session, by: self)
        case .keepIdle: break
        case .close:
            connections[connection.id] = nil
            connection.close(.instanceDrained)
        }
    }

    private func connection(_ id: ConnectionID) -> BackendConnection {
        guard let connection = connections[id] else { preconditionFailure("connection \(id) is not known") }
        return connection
    }

    // MARK: Opening and losing connections

    private func open(_ id: ConnectionID) {
        let endpoint = instance.endpoint
        let connection = BackendConnection(
            id: id, login: plane.backendLogin(at: endpoint), pool: self, limits: plane.configuration.limits)
        connections[id] = connection
        let limits = plane.configuration.limits
        let opened = ClientBootstrap(group: plane.loop)
            .connectTimeout(TimeAmount(plane.configuration.deadlines.connect))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .writeBufferWaterMark,
                value: .init(low: limits.writeBufferBytesMax / 4, high: limits.writeBufferBytesMax)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try EncryptionNegotiation.add(to: channel, for: endpoint)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
        opened.whenFailure { error in
            let causes = (error as? NIOConnectionError)?.connectionErrors.map { "\($0.error)" } ?? []
            connection.connectFailed(causes.first ?? "\(error)")
        }
    }

    /// Bytes came from the instance.
    func heard() { answers &+= 1 }

    func opened(_ connection: BackendConnection) { obey(machine.opened(connection.id, now: plane.now), connection) }

    func loginFailed(_ reason: String) {
        lastFailure = reason
        plane.logger.warning(
            "an instance refused a connection",
            metadata: ["instance.id": "\(instance.id)", "instance.error": "\(reason)"])
    }

    func gone(_ connection: BackendConnection, wasLoggingIn: Bool, _ reason: DisconnectReason) {
        plane.counters.disconnects[reason, default: 0] += 1
        connections[connection.id] = nil
        awaitingCancels.remove(connection.id)
        if let recovery = recovering.removeValue(forKey: connection.id) { plane.left(recovery.segments) }
        if wasLoggingIn {
            obey(machine.openFailed(connection.id, now: plane.now))
        } else if let next = machine.closed(connection.id, now: plane.now) {
            open(next)
        }
    }

    private func obey(_ action: PoolStateMachine.OpenFailedAction) {
        switch action {
        case .fail(let sessions):
            for session in sessions { plane.denied(session, .unreachable, by: self) }
        case .none: break
        }
    }

    func ticked(_ now: Instant) {
        let actions = machine.ticked(now: now)
        for session in actions.expired { plane.queueTimedOut(session, at: self) }
        for id in actions.close { connections.removeValue(forKey: id)?.close(.instanceIdle) }
        for id in actions.open { open(id) }
        for (id, recovery) in recovering where recovery.deadline <= now { connections[id]?.close(.rollbackTimeout) }
    }

    func drain() {
        for session in machine.drainStarted() { plane.denied(session, .draining, by: self) }
    }

    func closeAll(_ reason: DisconnectReason) {
        for connection in Array(connections.values) { connection.close(reason) }
    }
}
