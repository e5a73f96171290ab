// Fitness, guards, the forward stream; and the reverse stream, which is the same mirrored and disarmed.
import ClusterModel
import PostgresClient

extension MoveRun {
    func precheck() async throws {
        async let source = facts(.source)
        async let target = facts(.target)
        let problems = Fitness(order, source: try await source, target: try await target).problems
        guard problems.isEmpty else { throw MoveError.unfit(problems) }
    }

    private func reader(_ side: Side) async throws -> FactReader {
        FactReader(
            sql: sql,
            instance: instance(side),
            connection: try await sessions.connection(side),
            deadline: configuration.statementWithin
        )
    }

    private func facts(_ side: Side) async throws -> InstanceFacts { try await reader(side).read() }

    func schema(_ side: Side) async throws -> [String] { try await reader(side).schema() }

    // MARK: Guards

    func furnish(_ side: Side) async throws {
        try await journal.recordObject(
            LedgerObject(move: nil, instance: instance(side), kind: .furniture, name: "foreshard")
        )
        try await transaction(MoveSQL.furnish(term: record.term), on: side)
        try await claim(side)
    }

    /// Nothing that an older coordinator still orders is done here from now on.
    func claim(_ side: Side) async throws {
        let term = try await query(MoveSQL.claim(term: record.term), on: side).scalar() ?? ""
        guard term == String(record.term) else {
            throw MoveError.streamBroken(
                "a coordinator of term \(term) is in charge, ours is \(record.term)",
                on: instance(side)
            )
        }
    }

    func createRegister(_ side: Side) async throws {
        let value = side == record.state.owner ? record.epoch : record.epoch.fenced
        try await make(.register, sql.names.register, on: side) {
            try await transaction(sql.createRegister(value, term: record.term), on: side)
        }
    }

    func guardTables(_ side: Side) async throws {
        for table in sql.tables {
            try await make(.guardTriggers, sql.names.guardTrigger, extra: sql.qualified(table), on: side) {
                try await patientTransaction(
                    sql.createGuard(on: table),
                    locking: sql.qualified(table),
                    on: side
                )
            }
        }
    }

    // MARK: Streams

    private func role(_ direction: StreamDirection) -> MoveSessions.Role { direction == .forward ? .control : .second }

    func createPublication(_ direction: StreamDirection, armed: Bool) async throws {
        let publisher = direction.publisher
        let name = sql.names.stream(direction)
        try await ledger(.tokens, name, on: publisher)
        try await ledger(.tokens, name, on: publisher.other)
        try await make(.publication, name, on: publisher) {
            guard try await !answer(sql.publicationExists(direction), on: publisher, role(direction)) else { return }
            try await patientTransaction(
                [sql.createPublication(direction, armed: armed)],
                locking: sql.tableList,
                on: publisher,
                role(direction)
            )
        }
    }

    /// The snapshot is that of the slot's first change: copied rows and streamed changes meet without gap or overlap.
    /// The connection may stay idle in its transaction for as long as the copy takes.
    func createSlotWithSnapshot() async throws {
        let name = sql.names.stream(.forward)
        try await make(.slot, name, on: .source) {
            try await dropSlot(name, on: .source)
            let connection = try await sessions.lend(.source, settings: slotSettings, replication: true)
            let created = try await waitingForWriters(.source) {
                try await connection.query(
                    sql.createSlotWithSnapshot(.forward),
                    deadline: configuration.slotWithin * 2
                )
            }
            guard let snapshotName = created.column("snapshot_name").first ?? nil else {
                throw MoveError.streamBroken("the slot came without a snapshot", on: order.source)
            }
            snapshot = ExportedSnapshot(name: snapshotName, connection: connection)
        }
    }

    func createSlot(_ direction: StreamDirection) async throws {
        let publisher = direction.publisher
        try await make(.slot, sql.names.stream(direction), on: publisher) {
            guard try await !answer(sql.slotExists(direction), on: publisher, role(direction)) else { return }
            let connection = try await sessions.lend(publisher, settings: slotSettings)
            _ = try await waitingForWriters(publisher) {
                try await connection.query(sql.createSlot(direction), deadline: configuration.slotWithin * 2)
            }
            await sessions.giveBack(connection)
        }
    }

    private var slotSettings: [String: String] {
        [
            "lock_timeout": "\(configuration.slotWithin.wholeMilliseconds)ms", "search_path": "pg_catalog",
            "statement_timeout": "0", "idle_in_transaction_session_timeout": "0",
        ]
    }

    /// A slot begins where no older write transaction is open, whatever tables that one touches; so it waits, for a
    /// limited time, and then says for whom.
    private func waitingForWriters(_ side: Side, _ creation: () async throws -> QueryResult) async throws -> QueryResult
    {
        do {
            return try await creation()
        } catch let error as PostgresError where error.isLockFailure {
            throw try await blocked(
                "creating a replication slot",
                on: side,
                by: MoveSQL.writeTransactions(olderThan: configuration.slotWithin / 2)
            )
        }
    }

    func createSubscription(_ direction: StreamDirection) async throws {
        let subscriber = direction.publisher.other
        let name = sql.names.stream(direction)
        try await make(.subscription, name, on: subscriber) {
            guard try await !answer(MoveSQL.subscriptionExists(name), on: subscriber, role(direction)) else { return }
            let endpoint = sessions.endpoint(direction.publisher)
            for statement in sql.createSubscription(direction, to: endpoint) {
                try await query(statement, on: subscriber, role(direction))
            }
        }
    }

    func subscribeReverse() async throws {
        try await createSubscription(.reverse)
        try await query(sql.enableSubscription(.reverse), on: .source, .second)
    }
}
