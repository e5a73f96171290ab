// The end, and every abort: drops what the ledger lists. A ledger row is struck out only after its object is
// gone, so an interrupted end is taken up where it stopped.
import ClusterModel
import PostgresClient

extension MoveRun {
    private func objects(_ kinds: Set<LedgerObject.Kind>) async throws -> [LedgerObject] {
        let order = LedgerObject.Kind.allCases
        return try await journal.objects(of: self.order.id).filter { kinds.contains($0.kind) }
            .sorted { (order.firstIndex(of: $0.kind)!, $0.name) < (order.firstIndex(of: $1.kind)!, $1.name) }
    }

    /// Before anything is dropped, nothing that was begun is still running: closing a connection does not end the COPY
    /// that the server has all data of. Subscriptions first: an applier that is gone cannot miss its slot.
    ///
    /// An instance that does not answer does not keep the other from being cleaned: a slot that stays retains the log of
    /// an instance that people use.
    func dropStreams() async throws {
        await sessions.renew()
        var reachable: Set<InstanceID> = []
        var failure: (any Error)?
        for side in Side.allCases {
            do {
                try await endOtherSessions(on: side)
                reachable.insert(instance(side))
            } catch {
                failure = failure ?? error
            }
        }
        if let snapshot {
            await sessions.giveBack(snapshot.connection)
            self.snapshot = nil
        }
        for object in try await objects([.subscription, .slot, .publication]) where reachable.contains(object.instance)
        {
            try await drop(object)
        }
        if let failure { throw failure }
    }

    /// The owner writes without a guard again; the other keeps guard and odd register, so that nobody writes there.
    func releaseOwner() async throws {
        let owner = record.owner
        let guards = try await objects([.guardTriggers, .register])
        for object in guards where object.instance == owner { try await drop(object) }
        for table in sql.tables {
            try await ledger(.rows, sql.qualified(table), extra: sql.predicate(table), on: side(of: owner).other)
        }
    }

    /// Only rows that the ledger lists, only where the segment is not owned, and only what nobody would replicate.
    func deleteRows() async throws {
        for object in try await objects([.rows]) {
            if object.instance != record.owner { try await deleteRows(object) }
            try await journal.removeObject(object)
        }
    }

    private func deleteRows(_ object: LedgerObject) async throws {
        let side = side(of: object.instance)
        guard let table = sql.tables.first(where: { sql.qualified($0) == object.name }) else { return }
        let register = try await query(sql.registerValue, on: side).scalar().flatMap { Int64($0) }
        guard let register, !Epoch(register).isOwned else {
            throw MoveError.streamBroken(
                "the register says that it owns segment \(order.segment.id)",
                on: object.instance
            )
        }
        let publications = try await query(sql.publications(of: table), on: side).rows.map { $0.text(0) }
        guard publications.isEmpty else {
            throw MoveError.stillPublished(table: table.table, publications: publications, on: object.instance)
        }
        try await delete(table, on: side)
    }

    private func delete(_ table: ShardedTable, on side: Side) async throws {
        let pages = try await query(sql.pageCount(table), on: side).scalar().flatMap { Int($0) } ?? 0
        let connection = try await sessions.lend(side)
        try await connection.query(MoveSQL.actAsReplica, deadline: configuration.statementWithin)
        var first = 0
        while first < pages {
            let batch = first..<min(first + configuration.deletePagesPerBatch, pages)
            try await connection.query(sql.deleteRows(table, pages: batch), deadline: configuration.verifyWithin)
            first = batch.upperBound
            if first < pages { try await clock.sleep(for: configuration.pauseBetweenDeletes) }
        }
        await sessions.giveBack(connection)
    }

    /// Guards before the register they read, that before the tokens.
    func dropObjects() async throws {
        for object in try await objects([.guardTriggers, .register, .tokens]) { try await drop(object) }
    }

    private func drop(_ object: LedgerObject) async throws {
        let side = side(of: object.instance)
        switch object.kind {
        case .subscription: try await dropSubscription(object.name, on: side)
        case .slot: try await dropSlot(object.name, on: side)
        case .publication: try await patientTransaction([MoveSQL.dropPublication(object.name)], on: side)
        case .guardTriggers: try await dropGuard(object, on: side)
        case .register: try await query(MoveSQL.dropRegister(object.name), on: side)
        case .tokens: try await query(MoveSQL.deleteTokens(object.name), on: side)
        case .rows, .furniture: preconditionFailure("\(object.kind) is not dropped with a move's objects")
        }
        try await journal.removeObject(object)
    }

    private func dropSubscription(_ name: String, on side: Side) async throws {
        guard try await answer(MoveSQL.subscriptionExists(name), on: side) else { return }
        try await patientTransaction(MoveSQL.dropSubscription(name), on: side)
    }

    private func dropGuard(_ object: LedgerObject, on side: Side) async throws {
        guard try await answer(MoveSQL.tableExists(object.extra), on: side) else { return }
        try await patientTransaction(sql.dropGuard(on: object.extra), locking: object.extra, on: side)
    }

    /// Ends whoever still uses the slot; between two attempts that one may come back once.
    func dropSlot(_ name: String, on side: Side) async throws {
        try await poll(
            "dropping a slot",
            on: side,
            within: configuration.statementWithin,
            every: configuration.pollInterval
        ) {
            guard try await answer(MoveSQL.slotExists(name), on: side) else { return true }
            try await query(MoveSQL.endSlotUser(name), on: side)
            return try await !query(MoveSQL.dropSlot(name), on: side).rows.isEmpty
        }
    }

    // MARK: Succession

    /// Before a successor does anything: nothing that its predecessor began is still running, and nothing it might
    /// still order will be done.
    func takeOver() async throws {
        try await onBothSides { side in
            try await self.endOtherSessions(on: side)
            if try await self.answer(MoveSQL.isFurnished, on: side) { try await self.claim(side) }
        }
    }

    /// Ends every session of this move but the one that asks: a statement whose answer was lost may still be running.
    func endOtherSessions(on side: Side) async throws {
        let ending = MoveSQL.endSessions(application: sql.names.application)
        try await poll(
            "ending earlier sessions",
            on: side,
            within: configuration.statementWithin,
            every: configuration.pollInterval
        ) {
            try await query(ending, on: side).scalar() == "0"
        }
    }
}
