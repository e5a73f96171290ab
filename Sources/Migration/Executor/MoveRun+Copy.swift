// The snapshot's rows to B, then what changed since, then statistics.
import ClusterModel
import NIOCore
import PostgresClient

extension MoveRun {
    func copy() async throws {
        guard let snapshot else { throw MoveError.streamBroken("the copy's snapshot is gone", on: order.source) }
        for table in sql.tables {
            try await ledger(.rows, sql.qualified(table), extra: sql.predicate(table), on: .target)
        }
        let pace = CopyPace(bytesPerSecondMax: configuration.copyBytesPerSecondMax)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, table) in sql.tables.enumerated() {
                if index >= configuration.copyTablesAtOnceMax { try await group.next() }
                group.addTask { try await self.copy(table, snapshot.name, pace) }
            }
            do {
                while try await group.next() != nil {}
            } catch {
                await sessions.interrupt()
                throw error
            }
        }
        await sessions.giveBack(snapshot.connection)
        self.snapshot = nil
    }

    private func copy(_ table: ShardedTable, _ snapshot: String, _ pace: CopyPace) async throws {
        let from = try await sessions.lend(.source)
        let to = try await sessions.lend(.target)
        try await from.query(MoveSQL.beginWithSnapshot(snapshot), deadline: configuration.statementWithin)
        try await to.query(MoveSQL.actAsReplica, deadline: configuration.statementWithin)
        let columns = try await from.query(
            MoveSQL.copiedColumns(of: table.table),
            deadline: configuration.statementWithin
        ).rows.map { $0.text(0) }
        let rows = try await withinLimit(configuration.copyWithin, "copying \(table.table)", closing: [from, to]) {
            let data = try await from.copyOut(self.sql.copyOut(table, columns: columns))
            let metered = MeteredCopy(data, pace: pace) { await self.copied(bytes: $0) }
            return try await to.copyIn(self.sql.copyIn(table, columns: columns), from: metered)
        }
        record.report.rowsCopied += rows
        rowsCopied[table] = rows
        await sessions.giveBack(from)
        await sessions.giveBack(to)
    }

    private func copied(bytes: Int) {
        record.report.bytesCopied += bytes
        report(MoveProgress(record: record, step: .copy))
    }

    /// Runs something that has no limit of its own; closing its connections makes it fail.
    private func withinLimit<Result: Sendable>(
        _ limit: Duration,
        _ what: String,
        closing connections: [PostgresConnection],
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let error = MoveError.timedOut(what, on: order.target, after: limit)
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: limit)
                for connection in connections { await connection.close() }
                throw error
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw error }
            return result
        }
    }

    func catchUp() async throws {
        try await query(sql.enableSubscription(.forward), on: .target)
        try await exchangeToken(.forward, within: configuration.catchUpWithin)
    }

    /// Only tables that the copy made larger by a share at which autovacuum would do it too: that one comes a minute later,
    /// the load may come now. An autovacuum that follows the copy on its heels may be in the way for a moment.
    func analyze() async throws {
        let connection = try await sessions.connection(.target, .second)
        var grown: [ShardedTable] = []
        for table in sql.tables where try await hasGrown(table, connection) { grown.append(table) }
        guard !grown.isEmpty else { return }
        for attempt in 1...configuration.tableLockAttemptsMax {
            do {
                try await connection.query(sql.analyze(grown), deadline: configuration.verifyWithin)
                return
            } catch let error as PostgresError where error.isLockFailure {
                guard attempt < configuration.tableLockAttemptsMax else { throw error }
                try await clock.sleep(for: configuration.pauseBetweenCutOvers)
            }
        }
    }

    private func hasGrown(_ table: ShardedTable, _ connection: PostgresConnection) async throws -> Bool {
        guard let copied = rowsCopied[table] else { return true }
        let answer = try await connection.query(sql.rowsKnown(of: table), deadline: configuration.statementWithin)
        let known = answer.scalar().flatMap { Int($0) } ?? -1
        return known < 0 || Double(copied) > configuration.analyzedGrowthMin * Double(known)
    }
}
