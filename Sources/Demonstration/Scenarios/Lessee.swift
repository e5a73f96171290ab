// Somebody else's use of a contingent instance: writes all the time, as long as the database takes it.
import ClusterModel
import ContingentPool
import Foundation
import PostgresClient

struct Lessee: Sendable {
    /// Whether it goes when it is told to, or writes on until it is cut off.
    let leavesWhenTold: Bool
    /// Between the order to leave and the end, in cluster time.
    let notice: Duration

    static let writes = Duration.milliseconds(20)

    func stay(in replay: RunningReplay) async throws {
        let terms = LeaseTerms(
            holder: "reporting", purpose: "a report", pricePerHour: 0.5, term: .seconds(20 * 3600), notice: notice)
        let grant = try await replay.assembly.coordinator.orderLend(nil, on: terms)
        replay.note(.lent, grant.member)
        let connection = try await PostgresConnection.connect(to: try Self.endpoint(grant.connection))
        var lastWrite = replay.assembly.clock.now()
        do {
            try await connection.query("CREATE TABLE report (line bigint GENERATED ALWAYS AS IDENTITY, at timestamptz)")
            while !Task.isCancelled {
                try await connection.query("INSERT INTO report (at) VALUES (now())")
                lastWrite = replay.assembly.clock.now()
                if leavesWhenTold, await replay.state(of: grant.member) == "revoking" {
                    replay.note(.lesseeLeft, grant.member)
                    break
                }
                try await Task.sleep(for: Self.writes)
            }
        } catch is CancellationError {
            await connection.close()
            return
        } catch {
            // Cut off: that is what the checks ask about.
        }
        await connection.close()
        replay.diary.write(.lesseeLastWrote, at: lastWrite, grant.member)
    }

    /// - Throws: `DemonstrationError` when the text is no address with role and password.
    static func endpoint(_ connection: String) throws(DemonstrationError) -> Endpoint {
        guard let address = URLComponents(string: connection), let host = address.host, let port = address.port,
            let user = address.user, let password = address.password
        else { throw DemonstrationError("a lease's address cannot be read") }
        return Endpoint(
            host: host, port: port, database: String(address.path.dropFirst()), user: user, password: password)
    }
}
