// What the control plane calls. One actor for all moves; each move is worked on by at most one call at a time, except
// that `abort` interrupts what is going on. A caller that is cancelled does not cancel the move: it ends where it rests.
import ClusterModel
import PostgresClient

package actor MoveExecutor {
    private let journal: any MoveJournal
    private let gate: any SegmentGate
    /// The coordinator's term; higher than any predecessor's.
    private let term: Int64
    private let configuration: MoveConfiguration
    private let endpoints: @Sendable (InstanceID) async -> Endpoint?
    private let reports: AsyncStream<MoveProgress>.Continuation
    private var runs: [MoveID: MoveRun] = [:]
    private var working: [MoveID: Task<Void, any Error>] = [:]
    private var isStopping = false

    /// For a display; values that nobody reads are dropped, the oldest first.
    package nonisolated let progress: AsyncStream<MoveProgress>

    package init(
        journal: any MoveJournal,
        gate: any SegmentGate,
        term: Int64,
        configuration: MoveConfiguration,
        endpoints: @escaping @Sendable (InstanceID) async -> Endpoint?
    ) {
        self.journal = journal
        self.gate = gate
        self.term = term
        self.configuration = configuration
        self.endpoints = endpoints
        (progress, reports) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(256))
    }

    // MARK: One move

    /// Prepares a move up to READY. Nobody waits for it; nothing changes hands.
    /// - Parameter epoch: the segment's, as the routing table has it.
    /// - Throws: what made it impossible, after everything was undone.
    package func start(_ order: MoveOrder, epoch: Epoch) async throws -> MoveRecord {
        let run = try await makeRun(MoveRecord(order: order, term: term, epoch: epoch))
        try await journal.create(run.record)
        runs[order.id] = run
        return try await work(on: order.id) { try await $0.drive(.started) }
    }

    /// READY to PROBATION. A cut-over that does not get its locks or drains in time is undone and tried again.
    package func cutOver(_ id: MoveID) async throws -> MoveRecord { try await handOver(id, .cutOverRequested) }

    /// PROBATION back to READY: the source owns again, over the reverse stream, without a copy.
    package func revert(_ id: MoveID) async throws -> MoveRecord { try await handOver(id, .revertRequested) }

    /// Drops both streams: there is no way back but another move. The source keeps its rows, fenced, for the grace;
    /// without a grace they are deleted at once.
    package func finalize(_ id: MoveID, grace: Duration) async throws -> MoveRecord {
        let until = configuration.now() + grace
        return try await work(on: id) { run in
            try await run.finalize(retainedUntil: until)
            if grace == .zero { try await run.drive(.cleanRequested) }
        }
    }

    /// Deletes the source's rows and guards once the grace is over.
    package func clean(_ id: MoveID) async throws -> MoveRecord {
        let now = configuration.now()
        return try await work(on: id) { run in
            if let until = await run.record.report.retainedUntil, now < until { throw MoveError.retained(until: until) }
            try await run.drive(.cleanRequested)
        }
    }

    /// Undoes a move that has not been decided, whatever it is doing just now.
    package func abort(_ id: MoveID) async throws -> MoveRecord {
        guard let run = runs[id] else { throw MoveError.unknownMove(id) }
        if let task = working[id] {
            guard await run.record.state.isAbortable else { throw MoveError.busy(id) }
            await run.interrupt()
            _ = await task.result
        }
        let record = await run.record
        guard record.state != .aborted else { return record }
        return try await work(on: id) { try await $0.drive(.abortRequested) }
    }

    /// The moves at hand that are not over.
    package var moves: [MoveRecord] {
        get async {
            var records: [MoveRecord] = []
            for run in runs.values { records.append(await run.record) }
            return records.sorted { $0.id < $1.id }
        }
    }

    // MARK: All moves

    /// What became of a move that a dead coordinator left.
    package struct Recovery: Sendable {
        package let record: MoveRecord
        /// Why it is not settled yet; call `recover` again.
        package let failure: String?
    }

    /// Settles every unfinished move that nobody works on, a predecessor's or one that was given up: undoes what was
    /// not decided, completes what was, and leaves the rest where it rests (READY, PROBATION, retained).
    package func recover() async throws -> [Recovery] {
        let left = try await journal.unrecordedMoves().filter { record in
            working[record.id] == nil && (runs[record.id] == nil || !record.state.isResting)
        }
        return await withTaskGroup(of: Recovery.self) { group in
            for record in left { group.addTask { await self.recover(record) } }
            var recoveries: [Recovery] = []
            for await recovery in group { recoveries.append(recovery) }
            return recoveries.sorted { $0.record.id < $1.record.id }
        }
    }

    private func recover(_ record: MoveRecord) async -> Recovery {
        do {
            return Recovery(record: try await settle(record.id), failure: nil)
        } catch {
            let now = await runs[record.id]?.record
            return Recovery(record: now ?? record, failure: "\(error)")
        }
    }

    /// Takes up one move that was left where it does not rest: by a predecessor, or after its work failed for too long.
    package func settle(_ id: MoveID) async throws -> MoveRecord {
        if runs[id] == nil {
            guard working[id] == nil, !isStopping else { throw MoveError.busy(id) }
            let run = try await makeRun(try await journal.adopt(id, term: term))
            try await run.takeOver()
            guard runs[id] == nil else { throw MoveError.busy(id) }
            runs[id] = run
        }
        return try await work(on: id) { try await $0.drive(.resumed) }
    }

    /// What the journal has of a move; nil when there is no such move.
    package func recorded(_ id: MoveID) async throws -> MoveRecord? { try await journal.move(id) }

    /// Takes schema `foreshard` off an instance on which no move has anything left.
    package func uninstall(from instance: InstanceID) async throws {
        let objects = try await journal.objects(of: nil).filter { $0.instance == instance }
        guard objects.allSatisfy({ $0.move == nil }) else { throw MoveError.inUse(instance) }
        let connection = try await PostgresConnection.connect(to: try await endpoint(instance))
        try await connection.query(MoveSQL.unfurnish, deadline: configuration.statementWithin)
        await connection.close()
        for object in objects { try await journal.removeObject(object) }
    }

    /// Takes no more orders, lets cut-overs end within `limit`, and stops everything else where it is, as a death of the
    /// process would. A successor's `recover` takes it up.
    package func stop(letCutOversEndWithin limit: Duration) async {
        isStopping = true
        let deadline = ContinuousClock.now + limit
        while await isCuttingOver, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(10)) }
        for run in runs.values { await run.halt() }
        for task in working.values { _ = await task.result }
        runs = [:]
        reports.finish()
    }

    /// The instance is another server now: whatever is being done with the old one is stopped where it is, as a death of
    /// the process would. `settle` takes each move up, with the new endpoint.
    /// - Returns: the moves of the instance that are not over.
    package func letGo(of instance: InstanceID) async -> [MoveRecord] {
        var records: [MoveRecord] = []
        for (id, run) in runs where run.order.source == instance || run.order.target == instance {
            await run.halt()
            if let task = working[id] { _ = await task.result }
            runs[id] = nil
            let known = try? await journal.move(id)
            if let record = known ?? nil { records.append(record) }
        }
        return records.sorted { $0.id < $1.id }
    }

    private var isCuttingOver: Bool {
        get async {
            for id in working.keys {
                if let run = runs[id], await run.record.state.isCutOver { return true }
            }
            return false
        }
    }

    // MARK: Work

    private func handOver(_ id: MoveID, _ event: MoveEvent) async throws -> MoveRecord {
        let attemptsMax = configuration.cutOverAttemptsMax
        let pause = configuration.pauseBetweenCutOvers
        return try await work(on: id) { run in
            for attempt in 1... {
                do {
                    return try await run.drive(event)
                } catch let error as MoveError where error.isPassing && attempt < attemptsMax {
                    try await Task.sleep(for: pause * Double.random(in: 0.5...1.5))
                }
            }
        }
    }

    /// Runs one piece of work of one move, alone.
    private func work(
        on id: MoveID,
        _ body: @escaping @Sendable (MoveRun) async throws -> Void
    ) async throws -> MoveRecord {
        guard let run = runs[id] else { throw MoveError.unknownMove(id) }
        guard working[id] == nil else { throw MoveError.busy(id) }
        guard !isStopping else { throw MoveError.stopping }
        let task = Task { try await body(run) }
        working[id] = task
        let result = await task.result
        working[id] = nil
        let record = await run.record
        if record.state.isOver || result.isCrash { await forget(id) }
        try result.get()
        return record
    }

    private func forget(_ id: MoveID) async { await runs.removeValue(forKey: id)?.halt() }

    private func makeRun(_ record: MoveRecord) async throws -> MoveRun {
        MoveRun(
            record: record,
            source: try await endpoint(record.order.source),
            target: try await endpoint(record.order.target),
            journal: journal,
            gate: gate,
            configuration: configuration,
            report: { [reports] in reports.yield($0) }
        )
    }

    private func endpoint(_ instance: InstanceID) async throws -> Endpoint {
        guard let endpoint = await endpoints(instance) else { throw MoveError.unknownInstance(instance) }
        return endpoint
    }
}

extension MoveRun {
    fileprivate func finalize(retainedUntil: Timestamp) async throws {
        record.report.retainedUntil = retainedUntil
        try await drive(.finalizeRequested)
    }
}

extension Result {
    fileprivate var isCrash: Bool {
        if case .failure(let error) = self { error is SimulatedCrash } else { false }
    }
}
