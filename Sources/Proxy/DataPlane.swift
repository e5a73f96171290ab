// All that the sessions of one event loop share: the routing snapshot, the pools, the gate, the meter. Everything here
// runs on that loop, so nothing is locked and a session's view of the table never goes back.
import ClusterModel
import DequeModule
import Logging
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

// Guard for @unchecked Sendable: every member but the constants is touched on `loop` only.
final class DataPlane: @unchecked Sendable {
    let configuration: ProxyConfiguration
    let loop: any EventLoop
    let logger: Logger
    private let users: [String: ProxyUser.Credential]
    var encryption: ClientEncryption

    private(set) var table: QueryRoutingTable
    private var schema: ShardedSchema
    var surroundings: QuerySession.Surroundings
    var gate: PauseGate
    var meter = UsageMeter()
    var counters = ProxyStatus.Counters()
    private(set) var loginTemplates: [SessionSettings: ByteBuffer] = [:]

    private var pools: [InstanceID: InstancePool] = [:]
    private var leavingPools: [InstancePool] = []
    private var homes: [InstanceID] = []
    /// Instances that nothing may be sent to, and where they were.
    private var fenced: [InstanceID: Endpoint] = [:]
    private var nextHome = 0
    private var waitingAt: [SessionID: InstancePool] = [:]
    private var sessions: [SessionID: ClientConnection] = [:]
    /// In order of acceptance; most have logged in long before.
    private var startups: Deque<(session: SessionID, deadline: Instant)> = []
    private var lastSession = 0
    private var drains: [SegmentID: CheckedContinuation<Void, any Error>] = [:]
    private var ticker: RepeatedTask?
    private var random = SystemRandomNumberGenerator()
    private let decoySecret: [UInt8]
    private(set) var isShuttingDown = false
    /// Nil: transactions stay on one instance.
    let commitLog: (any CommitLog)?
    var lastCommit: Int64 = 0
    /// Commits over several instances that are under way here.
    var commits: Set<DistributedTransactionID> = []
    /// Decisions that are being written.
    var decisionsPending = 0

    private static let tick = TimeAmount.milliseconds(20)

    init(
        _ configuration: ProxyConfiguration, _ table: QueryRoutingTable, _ unsharded: UnshardedTables?,
        _ users: [ProxyUser], _ commitLog: (any CommitLog)?, _ loop: any EventLoop, _ logger: Logger
    ) {
        self.commitLog = commitLog
        self.configuration = configuration
        self.table = table
        self.loop = loop
        self.logger = logger
        encryption = configuration.encryption
        self.users = Dictionary(users.map { ($0.name, $0.credential) }, uniquingKeysWith: { $1 })
        let limits = configuration.limits
        schema = ShardedSchema(groups: table.groups, unsharded: unsharded)
        surroundings = QuerySession.Surroundings(
            analyzer: StatementAnalyzer(schema: schema, cacheBytesMax: limits.analysisCacheBytesMax),
            names: StatementNames(countMax: limits.statementNamesMax, bytesMax: limits.statementNameBytesMax))
        gate = PauseGate(queueLengthMax: limits.gateQueueLengthMax, timeout: configuration.deadlines.gate.nanoseconds)
        decoySecret = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
    }

    var now: Instant { NIODeadline.now().uptimeNanoseconds }

    func nonce() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<24).map { _ in alphabet.randomElement(using: &random) ?? "a" })
    }

    func backendLogin(at endpoint: Endpoint) -> BackendLoginStateMachine {
        BackendLoginStateMachine(endpoint: endpoint, nonce: nonce(), searchPath: schema.searchPath)
    }

    // MARK: Time

    func start(_ instances: [RoutedInstance]) {
        set(instances)
        ticker = loop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in self.ticked() }
    }

    private func ticked() {
        let now = now
        for session in gate.ticked(now: now) {
            counters.gateTimeouts += 1
            sessions[session]?.gateTimedOut()
        }
        for pool in pools.values { pool.ticked(now) }
        for pool in leavingPools { pool.ticked(now) }
        leavingPools.removeAll { $0.isEmpty }
        while let first = startups.first, first.deadline <= now {
            startups.removeFirst()
            sessions[first.session]?.startupTimedOut()
        }
    }

    // MARK: Sessions

    /// The handler for a new channel; nil when there are too many.
    func accept() -> ClientConnection? {
        guard sessions.count < configuration.limits.clientsMax, !isShuttingDown else {
            counters.clientsRefused += 1
            return nil
        }
        counters.clientsAccepted += 1
        lastSession += 1
        let secret = Int32.random(in: .min ... .max, using: &random)
        let key = CancelKey(processID: Int32(truncatingIfNeeded: lastSession), secret: secret)
        let login = ClientLoginStateMachine(
            users: users, encryption: encryption.offer, endPoint: encryption.certificate?.serverEndPoint,
            nonce: nonce(), decoySecret: decoySecret)
        let client = ClientConnection(
            id: lastSession, plane: self, cancelKey: key, certificate: encryption.certificate, login: login)
        sessions[lastSession] = client
        startups.append((lastSession, now &+ configuration.deadlines.startup.nanoseconds))
        return client
    }

    func closed(_ client: ClientConnection, _ reason: DisconnectReason) {
        sessions[client.id] = nil
        waitingAt[client.id] = nil
        counters.disconnects[reason, default: 0] += 1
    }

    func serves(database: String) -> Bool {
        pools.values.contains { $0.instance.endpoint.database == database }
            || fenced.values.contains { $0.database == database }
    }

    /// Why a start-up setting is not accepted: it would change how the router must read the session's statements.
    func refusal(ofSetting name: String, _ value: String) -> Refusal? {
        // ASCII with bytes passed through reads as UTF-8 does; psql asks for it in the C locale.
        let plainValue = value.lowercased().filter { $0.isLetter || $0.isNumber }
        if name.lowercased() == "client_encoding", Self.encodings.contains(plainValue) { return nil }
        let quotedName = name.split(separator: "\"").joined(separator: "\"\"").lowercased()
        let quotedValue = value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        guard let query = try? surroundings.analyzer.analyze("SET \"\(quotedName)\" = '\(quotedValue)'"),
            case .refused(let refusal)? = query.statements.first?.target
        else { return nil }
        return refusal
    }

    /// Encoding names without the punctuation that PostgreSQL passes over; asyncpg sends `'utf-8'`, quotes and all.
    private static let encodings: Set = ["utf8", "unicode", "sqlascii"]

    func remember(_ template: ByteBuffer, for settings: SessionSettings) {
        if loginTemplates.count >= configuration.limits.loginTemplatesMax { loginTemplates.removeAll() }
        loginTemplates[settings] = template
    }

    func cancel(_ key: CancelKey) {
        guard let client = sessions[SessionID(key.processID)], client.cancelKey == key else {
            counters.cancelsUnknown += 1
            return
        }
        client.cancelRequested()
    }

    // MARK: Pools

    func pool(_ id: InstanceID) -> InstancePool? { pools[id] }

    /// A home for a statement that may run anywhere: the one with the tables of no group, which functions may read, or
    /// the next one that has a connection to spare.
    func anyInstance() -> InstanceID? {
        if let instance = schema.unsharded?.instance { return instance }
        guard !homes.isEmpty else { return pools.keys.min() }
        nextHome = (nextHome + 1) % homes.count
        for offset in homes.indices {
            let home = homes[(nextHome + offset) % homes.count]
            if pools[home]?.hasIdle == true { return home }
        }
        return homes[nextHome]
    }

    func set(_ instances: [RoutedInstance]) {
        let instances = instances.filter { fenced[$0.instance.id] == nil }
        let wanted = Dictionary(instances.map { ($0.instance.id, $0) }, uniquingKeysWith: { $1 })
        for (id, pool) in pools where wanted[id]?.instance.endpoint != pool.instance.endpoint {
            pools[id] = nil
            leavingPools.append(pool)
            pool.drain()
        }
        for (id, instance) in wanted where pools[id] == nil { pools[id] = InstancePool(instance, plane: self) }
        homes = instances.map(\.instance).filter { $0.role == .home }.map(\.id).sorted()
    }

    func isFenced(_ instance: InstanceID?) -> Bool {
        instance.map { fenced[$0] != nil } ?? !fenced.isEmpty
    }

    /// Closes the gates of the instance's segments and every connection to it, at once: whatever is in flight is lost, and
    /// what comes waits at the gates. Until `unfence` nothing is sent there, whatever `set` says.
    func fence(_ instance: InstanceID) {
        guard let pool = pools.removeValue(forKey: instance) else { return }
        fenced[instance] = pool.instance.endpoint
        homes.removeAll { $0 == instance }
        leavingPools.append(pool)
        let segments = table.segments(on: instance).map(\.id)
        for segment in segments { _ = gate.closeRequested(segment) }
        // Sessions that only wait for a connection wait at the gates instead.
        for client in Array(sessions.values) {
            for segment in segments { client.segmentCloses(segment) }
        }
        pool.drain()
        pool.closeAll(.instanceFenced)
    }

    /// Serves the instance again, where `instances` says that it is.
    func unfence(_ instance: InstanceID, _ instances: [RoutedInstance]) {
        guard fenced.removeValue(forKey: instance) != nil else { return }
        set(instances)
        for segment in table.segments(on: instance) { open(segment.id) }
    }

    func waits(_ session: SessionID, at pool: InstancePool) { waitingAt[session] = pool }

    func waitAbandoned(by session: SessionID) {
        guard let pool = waitingAt.removeValue(forKey: session) else { return }
        _ = pool.waitAbandoned(by: session)
    }

    func granted(_ connection: BackendConnection, to session: SessionID, by pool: InstancePool) {
        waitingAt[session] = nil
        guard let client = sessions[session] else {
            preconditionFailure("a connection is granted to session \(session), which is gone")
        }
        client.granted(connection, by: pool)
        client.process()
    }

    func denied(_ session: SessionID, _ rejection: PoolStateMachine.Rejection, by pool: InstancePool) {
        waitingAt[session] = nil
        sessions[session]?.denied(rejection, by: pool)
    }

    func queueTimedOut(_ session: SessionID, at pool: InstancePool) {
        waitingAt[session] = nil
        counters.queueTimeouts += 1
        sessions[session]?.queueTimedOut(at: pool)
    }

    // MARK: Moves

    /// Sets the snapshot. An older one than the present is not taken.
    func publish(_ next: QueryRoutingTable) {
        guard next.epoch >= table.epoch else { return }
        let groupsChanged = next.groups != table.groups
        table = next
        if groupsChanged { read(ShardedSchema(groups: next.groups, unsharded: schema.unsharded)) }
    }

    func set(_ unsharded: UnshardedTables?) {
        guard unsharded != schema.unsharded else { return }
        read(ShardedSchema(groups: table.groups, unsharded: unsharded))
    }

    /// Reads statements by another schema from now on. What clients have prepared stays as it was read.
    private func read(_ next: ShardedSchema) {
        schema = next
        surroundings.analyzer = StatementAnalyzer(
            schema: schema, cacheBytesMax: configuration.limits.analysisCacheBytesMax)
        surroundings.names.forgetAll()
    }

    func close(_ segment: SegmentID, drainWithin limit: Duration, _ continuation: CheckedContinuation<Void, any Error>)
    {
        switch gate.closeRequested(segment) {
        case .closed: continuation.resume()
        case .alreadyClosing:
            continuation.resume(throwing: ProxyError(.gateBusy, "segment \(segment) is being closed already"))
        case .draining:
            drains[segment] = continuation
            loop.scheduleTask(in: TimeAmount(limit)) { self.drainTimedOut(segment, limit) }
            // Transactions that only wait for a connection can wait at the gate as well.
            for client in Array(sessions.values) { client.segmentCloses(segment) }
        }
    }

    private func drainTimedOut(_ segment: SegmentID, _ limit: Duration) {
        guard let continuation = drains.removeValue(forKey: segment) else { return }
        let inFlight = gate.transactionsInFlight(on: segment)
        switch gate.drainTimedOut(segment) {
        case .ignore: break
        case .reopen(let waiting): release(waiting)
        }
        continuation.resume(
            throwing: ProxyError(
                .drainTimedOut, "\(inFlight) transactions on segment \(segment) did not end within \(limit)"))
    }

    func open(_ segment: SegmentID) {
        if let owner = table[segment], fenced[owner] != nil { return }
        drains.removeValue(forKey: segment)?.resume(
            throwing: ProxyError(.gateBusy, "segment \(segment) was opened while it was being closed"))
        release(gate.opened(segment))
    }

    private func release(_ waiting: [SessionID]) {
        for session in waiting { sessions[session]?.gateOpened() }
    }

    /// Transactions ended.
    func left(_ segments: [SegmentID]) {
        guard !segments.isEmpty else { return }
        for drained in gate.left(segments) { drains.removeValue(forKey: drained)?.resume() }
    }

    // MARK: Status and end

    var status: ProxyStatus {
        ProxyStatus(
            epoch: table.epoch, clients: sessions.count, waitingAtGates: gate.waitingCount,
            pools: pools.values.map(\.status).sorted { $0.instance < $1.instance }, counters: counters)
    }

    /// Clients without a transaction leave at once, the others when it ends.
    func beginShutdown() {
        isShuttingDown = true
        for client in Array(sessions.values) { client.leaveIfIdle() }
    }

    var isDrained: Bool { sessions.isEmpty }

    func endShutdown() {
        ticker?.cancel()
        ticker = nil
        for client in Array(sessions.values) { client.closeWithError(.shutdown, Self.shutdownError) }
        for pool in Array(pools.values) + leavingPools { pool.closeAll(.shutdown) }
        for (_, drain) in drains { drain.resume(throwing: ProxyError(.shutDown, "the router shuts down")) }
        drains.removeAll()
    }

    static let shutdownError = ServerMessage(
        severity: "FATAL", sqlState: .adminShutdown, message: "the router is shutting down")
}
