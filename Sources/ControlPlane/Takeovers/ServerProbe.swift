// Asks one server over a connection that is kept, and says what kind of answer came. An error of the server is an answer.
import ClusterModel
import PostgresClient

actor ServerProbe {
    enum Answer: Sendable {
        case rows(QueryResult)
        /// The server answered with an error: its SQLSTATE and text.
        case refused(sqlState: String, String)
        case silent(String)
    }

    let endpoint: Endpoint
    private var connection: PostgresConnection?

    init(_ endpoint: Endpoint) { self.endpoint = endpoint }

    /// - Parameter limit: for the connection and for the answer, each.
    func ask(_ sql: String, _ parameters: [String?] = [], within limit: Duration) async -> Answer {
        if let connection, !connection.isClosed {
            do {
                return .rows(try await connection.execute(sql, parameters, deadline: limit))
            } catch let error as PostgresError {
                return .refused(sqlState: error.sqlState, error.description)
            } catch let error as ConnectionError where error.code == .timedOut {
                self.connection = nil
                return .silent(error.message)
            } catch {
                // The connection is gone, which happens to living servers too: a new one tells.
                self.connection = nil
            }
        }
        return await askAnew(sql, parameters, limit)
    }

    func close() async {
        await connection?.close()
        connection = nil
    }

    private func askAnew(_ sql: String, _ parameters: [String?], _ limit: Duration) async -> Answer {
        do {
            let fresh = try await PostgresConnection.connect(
                to: endpoint, applicationName: "foreshard takeover", deadline: limit)
            connection = fresh
            return .rows(try await fresh.execute(sql, parameters, deadline: limit))
        } catch let error as PostgresError {
            return .refused(sqlState: error.sqlState, error.description)
        } catch let error as ConnectionError {
            connection = nil
            if let state = error.sqlState { return .refused(sqlState: state, error.message) }
            switch error.code {
            case .authenticationRefused, .protocolViolation: return .refused(sqlState: "08P01", error.message)
            case .unreachable, .timedOut, .closed: return .silent(error.message)
            }
        } catch {
            return .silent("\(error)")
        }
    }
}
