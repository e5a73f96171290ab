// Tokens: a row that travels through a stream behind everything committed before it. When it is visible on the other
// side, so is all of that. Exact, and fast (0.3 to 7 ms); positions of the log are neither.
import ClusterModel
import PostgresClient

extension MoveRun {
    /// Sends a token and waits for it.
    func exchangeToken(
        _ direction: StreamDirection,
        within limit: Duration,
        _ role: MoveSessions.Role = .control
    ) async throws {
        let token = try await sendToken(direction, role)
        try await awaitToken(direction, token, within: limit, every: configuration.pollInterval, role)
    }

    func sendToken(_ direction: StreamDirection, _ role: MoveSessions.Role) async throws -> Int64 {
        let answer = try await query(sql.sendToken(direction), on: direction.publisher, role).scalar()
        guard let token = answer.flatMap({ Int64($0) }) else {
            throw MoveError.streamBroken("no token could be written", on: instance(direction.publisher))
        }
        return token
    }

    func awaitToken(
        _ direction: StreamDirection,
        _ token: Int64,
        within limit: Duration,
        every interval: Duration,
        _ role: MoveSessions.Role = .control
    ) async throws {
        let subscriber = direction.publisher.other
        do {
            try await poll("catching up", on: subscriber, within: limit, every: interval) {
                try await answer(sql.hasToken(direction, token), on: subscriber, role)
            }
        } catch let error as MoveError {
            throw try await diagnosis(direction, role) ?? error
        }
    }

    /// Why a token does not arrive, when the instances know.
    private func diagnosis(_ direction: StreamDirection, _ role: MoveSessions.Role) async throws -> MoveError? {
        let subscriber = direction.publisher.other
        let status = try await query(sql.slotStatus(direction), on: direction.publisher, role).scalar() ?? "gone"
        guard status == "reserved" || status == "extended" else {
            return .streamBroken(
                "the slot \(sql.names.stream(direction)) is \(status): raise max_slot_wal_keep_size",
                on: instance(direction.publisher)
            )
        }
        guard let row = try await query(sql.subscriptionHealth(direction), on: subscriber, role).rows.first else {
            return .streamBroken("the subscription \(sql.names.stream(direction)) is gone", on: instance(subscriber))
        }
        guard row.number(1) > 0 else { return nil }
        return .streamBroken(
            "the subscription \(sql.names.stream(direction)) met \(row.number(1)) errors; the server's log names them",
            on: instance(subscriber)
        )
    }
}
