// The two streams. Each is a publication of all tables of the group with a row filter, a slot and a subscription.
// Armed: the filter is the segment. Disarmed: the filter is false, only the stream's own tokens pass.
// Never `TRUNCATE`: it ignores the filter and would empty the other side's other segments.
import ClusterModel
import PostgresClient

extension MoveSQL {
    package func createPublication(_ direction: StreamDirection, armed: Bool) -> String {
        """
        CREATE PUBLICATION \(quoteIdentifier(names.stream(direction))) FOR TABLE \
        \(publishedTables(direction, armed: armed)) WITH (publish = 'insert, update, delete')
        """
    }

    package func setPublication(_ direction: StreamDirection, armed: Bool) -> String {
        """
        ALTER PUBLICATION \(quoteIdentifier(names.stream(direction))) SET TABLE \
        \(publishedTables(direction, armed: armed))
        """
    }

    private func publishedTables(_ direction: StreamDirection, armed: Bool) -> String {
        let filtered = tables.map { "\(qualified($0)) WHERE (\(armed ? predicate($0) : "false"))" }
        let token = "foreshard.token WHERE (stream = \(quoteLiteral(names.stream(direction))))"
        return (filtered + [token]).joined(separator: ", ")
    }

    package func isArmed(_ direction: StreamDirection) -> String {
        """
        SELECT bool_and(pg_get_expr(r.prqual, r.prrelid) <> 'false') FROM pg_publication_rel r \
        JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = \(quoteLiteral(names.stream(direction)))
        """
    }

    package func publicationExists(_ direction: StreamDirection) -> String {
        "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = \(quoteLiteral(names.stream(direction))))"
    }

    /// For a replication connection; answers with the snapshot's name.
    package func createSlotWithSnapshot(_ direction: StreamDirection) -> String {
        "CREATE_REPLICATION_SLOT \(quoteIdentifier(names.stream(direction))) LOGICAL pgoutput (SNAPSHOT 'export')"
    }

    package func createSlot(_ direction: StreamDirection) -> String {
        "SELECT pg_create_logical_replication_slot(\(quoteLiteral(names.stream(direction))), 'pgoutput')"
    }

    package func slotExists(_ direction: StreamDirection) -> String {
        "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = \(quoteLiteral(names.stream(direction))))"
    }

    /// `reserved` or `extended` while the slot still has all it needs.
    package func slotStatus(_ direction: StreamDirection) -> String {
        "SELECT wal_status FROM pg_replication_slots WHERE slot_name = \(quoteLiteral(names.stream(direction)))"
    }

    /// The connection string carries a password: the statement is kept out of the server's log, and out of ours.
    package func createSubscription(_ direction: StreamDirection, to publisher: Endpoint) -> [String] {
        let name = quoteIdentifier(names.stream(direction))
        return [
            "SET log_statement = 'none'",
            "SET log_min_error_statement = 'panic'",
            "SET log_min_duration_statement = -1",
            "SET log_min_duration_sample = -1",
            "SET log_transaction_sample_rate = 0",
            """
            CREATE SUBSCRIPTION \(name) CONNECTION \(quoteLiteral(connectionString(to: publisher))) \
            PUBLICATION \(name) WITH (create_slot = false, slot_name = \(quoteLiteral(names.stream(direction))), \
            copy_data = false, enabled = false, streaming = on)
            """,
            "RESET log_statement",
            "RESET log_min_error_statement",
            "RESET log_min_duration_statement",
            "RESET log_min_duration_sample",
            "RESET log_transaction_sample_rate",
        ]
    }

    package func enableSubscription(_ direction: StreamDirection) -> String {
        "ALTER SUBSCRIPTION \(quoteIdentifier(names.stream(direction))) ENABLE"
    }

    package static func subscriptionExists(_ name: String) -> String {
        """
        SELECT EXISTS (SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid \
        WHERE d.datname = current_database() AND s.subname = \(quoteLiteral(name)))
        """
    }

    /// Errors the applier met, and whether it is there: for a diagnosis when a token does not arrive.
    package func subscriptionHealth(_ direction: StreamDirection) -> String {
        """
        SELECT s.pid IS NOT NULL, coalesce(e.apply_error_count, 0) FROM pg_stat_subscription s \
        LEFT JOIN pg_stat_subscription_stats e USING (subid) \
        WHERE s.subname = \(quoteLiteral(names.stream(direction))) AND s.relid IS NULL
        """
    }

    /// A token is a row that travels through the stream behind everything committed before it.
    package func sendToken(_ direction: StreamDirection) -> String {
        let stream = quoteLiteral(names.stream(direction))
        return """
            INSERT INTO foreshard.token SELECT \(stream), coalesce(max(n), 0) + 1 FROM foreshard.token \
            WHERE stream = \(stream) RETURNING n
            """
    }

    package func hasToken(_ direction: StreamDirection, _ n: Int64) -> String {
        """
        SELECT EXISTS (SELECT FROM foreshard.token WHERE stream = \(quoteLiteral(names.stream(direction))) AND n = \(n))
        """
    }

    private func connectionString(to endpoint: Endpoint) -> String {
        let password = endpoint.password.map { " password=\(Self.connectionValue($0))" } ?? ""
        return """
            host=\(Self.connectionValue(endpoint.host)) port=\(endpoint.port) \
            dbname=\(Self.connectionValue(endpoint.database)) user=\(Self.connectionValue(endpoint.user))\(password) \
            connect_timeout=5\(Self.encryption(endpoint))
            """
    }

    /// The subscriber connects by itself and knows none of the router's files: it encrypts, and verifies nothing but
    /// what its own account's `root.crt` says.
    private static func encryption(_ endpoint: Endpoint) -> String {
        switch endpoint.tls?.mode {
        case nil: ""
        case .disable?: " sslmode=disable"
        case .prefer?: " sslmode=prefer"
        case .require?, .verifyCA?, .verifyFull?: " sslmode=require"
        }
    }

    /// libpq, "Keyword/Value Connection Strings": quotes and backslashes are escaped by a backslash.
    private static func connectionValue(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if character == "'" || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
        return "'\(escaped)'"
    }
}
