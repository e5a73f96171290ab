// One move in the hands of the executor: the record as the journal has it, the connections, and what only memory holds
// (the snapshot of the copy, the open gate's clock). The steps are extensions of this actor; two branches of a state may
// run side by side in it, on connections of their own.
import ClusterModel
import PostgresClient

actor MoveRun {
    let order: MoveOrder
    let sql: MoveSQL
    let sessions: MoveSessions
    let journal: any MoveJournal
    let gate: any SegmentGate
    let configuration: MoveConfiguration
    let report: @Sendable (MoveProgress) -> Void
    let clock = ContinuousClock()

    var record: MoveRecord
    /// Holds the exported snapshot open between the slot and the end of the copy.
    var snapshot: ExportedSnapshot?
    /// Rows that this process copied; empty when a predecessor did.
    var rowsCopied: [ShardedTable: Int] = [:]
    /// When the gate began to close; nil while it is open.
    var gateClosedAt: ContinuousClock.Instant?
    /// Sides on which the cut-over's transaction is open.
    var lockedSides: Set<Side> = []
    /// The token behind everything the old owner committed.
    var lastToken: Int64?
    let begunAt: ContinuousClock.Instant
    private(set) var isHalted = false

    struct ExportedSnapshot {
        let name: String
        let connection: PostgresConnection
    }

    init(
        record: MoveRecord,
        source: Endpoint,
        target: Endpoint,
        journal: any MoveJournal,
        gate: any SegmentGate,
        configuration: MoveConfiguration,
        report: @escaping @Sendable (MoveProgress) -> Void
    ) {
        self.record = record
        order = record.order
        sql = MoveSQL(record.order)
        sessions = MoveSessions(source: source, target: target, application: MoveNames(record.order).application)
        self.journal = journal
        self.gate = gate
        self.configuration = configuration
        self.report = report
        begunAt = clock.now
    }

    /// Makes whatever step is waiting fail; the driver then undoes what has to be undone.
    func interrupt() async { await sessions.interrupt() }

    /// Stops where it is, as if the process died: nothing is undone, a successor takes it up.
    func halt() async {
        isHalted = true
        await sessions.halt()
    }

    // MARK: Shared by the steps

    func instance(_ side: Side) -> InstanceID { order.instance(side) }

    @discardableResult
    func query(_ sql: String, on side: Side, _ role: MoveSessions.Role = .control) async throws -> QueryResult {
        try await sessions.connection(side, role).query(sql, deadline: configuration.statementWithin)
    }

    func answer(_ sql: String, on side: Side, _ role: MoveSessions.Role = .control) async throws -> Bool {
        try await query(sql, on: side, role).scalar() == "t"
    }

    /// Statements of one transaction, sent at once.
    func transaction(
        _ statements: [String],
        on side: Side,
        _ role: MoveSessions.Role = .control,
        lockWithin: Duration? = nil
    ) async throws {
        let timeout = lockWithin.map { ["SET LOCAL lock_timeout = '\($0.wholeMilliseconds)ms'"] } ?? []
        let script = (["BEGIN"] + timeout + statements + ["COMMIT"]).joined(separator: ";\n")
        do {
            try await query(script, on: side, role)
        } catch let error as PostgresError {
            try await query("ROLLBACK", on: side, role)
            throw error
        }
    }

    /// DDL on tables in use: short waits, many attempts, so that writers never queue behind us for long. First comes a
    /// lock that disturbs no reader or writer, waited for until an autovacuum gives way (after `deadlock_timeout`).
    func patientTransaction(
        _ statements: [String],
        locking tables: String? = nil,
        on side: Side,
        _ role: MoveSessions.Role = .control
    ) async throws {
        let limit = "SET LOCAL lock_timeout = '\(configuration.tableLockWithin.wholeMilliseconds)ms'"
        let script = (tables.map { [MoveSQL.keepOff($0)] } ?? []) + [limit] + statements
        for attempt in 1...configuration.tableLockAttemptsMax {
            do {
                return try await transaction(script, on: side, role, lockWithin: configuration.vacuumYieldsWithin)
            } catch let error as PostgresError where error.isLockFailure {
                guard attempt < configuration.tableLockAttemptsMax else {
                    throw try await blocked("locking the tables", on: side, by: sql.tableLockHolders)
                }
                try await clock.sleep(for: .milliseconds(Int.random(in: 10...100)))
            }
        }
    }

    func blocked(_ what: String, on side: Side, by holders: String) async throws -> MoveError {
        let rows = try await sessions.connection(side, .second).query(holders, deadline: configuration.statementWithin)
            .rows
        return .blocked(what, on: instance(side), by: rows.map(BlockingTransaction.init))
    }

    /// Asks until the answer is yes.
    func poll(
        _ what: String,
        on side: Side,
        within limit: Duration,
        every interval: Duration,
        _ isTrue: () async throws -> Bool
    ) async throws {
        let end = clock.now + limit
        while try await !isTrue() {
            guard clock.now < end else { throw MoveError.timedOut(what, on: instance(side), after: limit) }
            try await clock.sleep(for: interval)
        }
    }

    /// Writes an object down, then makes it.
    func make(
        _ kind: LedgerObject.Kind,
        _ name: String,
        extra: String = "",
        on side: Side,
        _ creation: () async throws -> Void
    ) async throws {
        try await ledger(kind, name, extra: extra, on: side)
        try await creation()
    }

    func ledger(_ kind: LedgerObject.Kind, _ name: String, extra: String = "", on side: Side) async throws {
        try await journal.recordObject(
            LedgerObject(move: order.id, instance: instance(side), kind: kind, name: name, extra: extra)
        )
    }

    func side(of instance: InstanceID) -> Side { instance == order.source ? .source : .target }
}

extension PostgresError {
    /// lock_not_available or deadlock_detected: try again.
    var isLockFailure: Bool { sqlState == "55P03" || sqlState == "40P01" }
    var isSuperseded: Bool { sqlState == MoveSQL.supersededState }
}

extension BlockingTransaction {
    init(_ row: [String?]) {
        self.init(pid: Int32(row.text(0)) ?? 0, application: row.text(1), ageSeconds: Double(row.text(2)) ?? 0)
    }
}
