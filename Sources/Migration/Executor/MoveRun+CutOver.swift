// The segment changes hands, from O to N, either way.
// What keeps it exact, in this order:
//   1. O is fenced (odd register) and drained: no write of the segment is in flight there, and none can begin.
//   2. One transaction on O writes the last token and disarms its stream: all writes are before the token.
//   3. The token is visible on N, and then N's log is flushed: all writes are there and stay there if N dies.
//   4. The journal decides.
//   5. One transaction on N arms its stream and turns its register even; its commit flushes all of the above.
// At any position of the log at most one side publishes the segment, so the two streams cannot loop.
import ClusterModel
import PostgresClient

extension MoveRun {
    /// Before the decision the one that hands over, after it the one that took over.
    private var owner: Side { record.state.owner }
    /// The stream of the owner's changes: the one that is to be armed when the owner may write.
    private var armed: StreamDirection { .from(owner) }

    /// A cut-over begins only when it promises to be short, and only between equal schemas.
    func checkGate() async throws {
        async let source = schema(.source)
        async let target = schema(.target)
        guard try await source == (try await target) else {
            throw MoveError.streamBroken("the tables' definitions changed during the move", on: instance(owner.other))
        }
        try await checkWriters()
        try await exchangeToken(armed, within: configuration.tokenRoundTripMax)
        try await exchangeToken(.from(owner.other), within: configuration.tokenRoundTripMax)
        // Opened now, so that nobody waits for it behind the gate.
        for side in Side.allCases { _ = try await sessions.connection(side, .second) }
    }

    /// The fence waits for those who write in the segment: better no closed gate than one that is opened in vain.
    private func checkWriters() async throws {
        let writers = try await query(sql.guardLockHolders, on: owner).rows.map(BlockingTransaction.init)
            .filter { $0.ageSeconds > configuration.gateDrainWithin.inSeconds }
        guard writers.isEmpty else {
            throw MoveError.blocked("writing in the segment", on: instance(owner), by: writers)
        }
    }

    /// In the order of the instances' names, not both at once: moves that are cut over together on the same two instances
    /// would else wait for each other on different ones, where neither server sees the deadlock.
    func lockBothSides() async throws {
        for side in Side.allCases.sorted(by: { instance($0) < instance($1) }) { try await lock(side) }
    }

    private func lock(_ side: Side) async throws {
        do {
            let statements = sql.lockTables(within: configuration.vacuumYieldsWithin)
            try await query(statements.joined(separator: "; "), on: side, .lock)
            lockedSides.insert(side)
        } catch let error as PostgresError where error.isLockFailure {
            throw try await blocked("locking the tables against vacuum and DDL", on: side, by: sql.tableLockHolders)
        }
    }

    func closeGate() async throws {
        gateClosedAt = clock.now
        try await gate.close(order.segment.id, drainWithin: configuration.gateDrainWithin)
    }

    func fence() async throws {
        let statements = sql.fence(record.epoch, term: record.term, drainWithin: configuration.fenceDrainWithin)
        do {
            try await query(statements.joined(separator: "; "), on: owner)
        } catch let error as PostgresError where error.isLockFailure {
            throw try await blocked("draining the segment's writers", on: owner, by: sql.guardLockHolders)
        }
    }

    func disarm() async throws {
        lastToken = try await sendToken(armed, .lock)
        try await query(sql.disarm(armed).joined(separator: "; "), on: owner, .lock)
        lockedSides.remove(owner)
    }

    /// While the token travels, the other side's sequences are put beyond the owner's.
    func awaitApplied() async throws {
        guard let lastToken else { preconditionFailure("no token was sent in state \(record.state)") }
        async let sequences: Void = advanceSequences()
        try await awaitToken(
            armed,
            lastToken,
            within: configuration.applyWithin,
            every: configuration.fastPollInterval
        )
        // Appliers commit without waiting for the disk.
        try await query(MoveSQL.flushLog, on: owner.other)
        try await sequences
    }

    private func advanceSequences() async throws {
        let advances = try await query(sql.sequences, on: owner, .second).rows.compactMap { row in
            row[1].map { MoveSQL.advanceSequence(row.text(0), beyond: $0) }
        }
        guard !advances.isEmpty else { return }
        try await query(advances.joined(separator: "; "), on: owner.other, .second)
    }

    /// Makes the new owner able to write, its changes replicated. A repetition finds the transaction gone and begins
    /// another.
    func own() async throws {
        var statements = sql.own(armed, epoch: record.epoch, term: record.term)
        if !lockedSides.contains(owner) {
            statements = sql.lockTables(within: configuration.vacuumYieldsWithin) + statements
        }
        try await query(statements.joined(separator: "; "), on: owner, .lock)
        lockedSides.remove(owner)
        await releaseLock(owner.other)
    }

    /// Two transactions, the stream first: what is written under the even register is replicated. Nothing here waits
    /// for writers, so that a long transaction that kept the fence from draining does not keep it closed.
    func unfence() async throws {
        for side in Side.allCases { await releaseLock(side) }
        try await endOtherSessions(on: owner)
        if try await !answer(sql.isArmed(armed), on: owner) {
            try await patientTransaction([sql.setPublication(armed, armed: true)], on: owner)
        }
        try await query(sql.setRegister(record.epoch, term: record.term), on: owner)
    }

    /// Ends the cut-over's transaction on a side where it was not committed.
    private func releaseLock(_ side: Side) async {
        lockedSides.remove(side)
        await sessions.close(side, .lock)
    }

    func publish() async {
        await gate.publish(order.segment.id, on: record.owner, epoch: record.epoch)
        await openGate(wasDecided: true)
    }

    func openGate(wasDecided: Bool) async {
        await gate.open(order.segment.id)
        guard let closedAt = gateClosedAt else { return }
        gateClosedAt = nil
        let from = wasDecided ? record.state.owner.other : record.state.owner
        record.report.add(
            WriteBlock(from: from, milliseconds: (clock.now - closedAt).inSeconds * 1000, wasDecided: wasDecided)
        )
    }
}
