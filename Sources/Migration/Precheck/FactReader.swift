// Reads the facts of one instance over one connection. A server's odd answer becomes an unfit fact, never a trap.
import ClusterModel
import PostgresClient

/// Reads `InstanceFacts` over one connection.
struct FactReader {
    let sql: MoveSQL
    let instance: InstanceID
    let connection: PostgresConnection
    let deadline: Duration

    func read() async throws -> InstanceFacts {
        var server = try await serverFacts()
        server.leftovers = try await rows(sql.leftovers).map { $0.text(0) }
        return InstanceFacts(instance: instance, server: server, tables: try await tables())
    }

    /// The lines of all tables; equal on two sides that still fit each other.
    func schema() async throws -> [String] {
        try await rows(sql.schemaLines).map { "\($0.text(0)).\($0.text(1)) \($0.text(2))" }.sorted()
    }

    private func serverFacts() async throws -> ServerFacts {
        guard let row = try await rows(MoveSQL.serverFacts).first else {
            throw MoveError.streamBroken("the server does not describe itself", on: instance)
        }
        return ServerFacts(
            identity: row.text(12),
            version: row.number(0),
            encoding: row.text(1),
            isSuperuser: row.bool(2),
            isInRecovery: row.bool(3),
            walLevel: row.text(4),
            slotsMax: row.number(5),
            slotsUsed: row.number(6),
            sendersMax: row.number(7),
            sendersUsed: row.number(8),
            applyWorkersMax: row.number(9),
            applyWorkersUsed: row.number(10),
            retryIntervalMilliseconds: row.number(11),
            collation: row.text(13)
        )
    }

    private func tables() async throws -> [TableFacts] {
        let indexes = try await byTable(sql.uniqueIndexes)
        let foreignKeys = try await byTable(sql.foreignKeys)
        let triggers = try await byTable(sql.applierTriggers)
        let publications = try await byTable(sql.foreignPublications)
        let lines = try await byTable(sql.schemaLines)
        var tables: [TableFacts] = []
        for row in try await rows(sql.tableFacts) {
            let name = TableName(schema: row.text(0), name: row.text(1))
            var facts = TableFacts(row, name)
            facts.uniqueIndexes = indexes[name, default: []].map(UniqueIndex.init)
            facts.foreignKeys = foreignKeys[name, default: []].map(ForeignKey.init)
            facts.applierTriggers = triggers[name, default: []].map { $0.text(2) }
            facts.publications = publications[name, default: []].map { $0.text(2) }
            facts.schema = lines[name, default: []].map { $0.text(2) }
            if facts.keyColumn != nil, let table = sql.tables.first(where: { $0.table == name }) {
                facts.hasSegmentRows = try await hasRows(table)
            }
            tables.append(facts)
        }
        return tables
    }

    /// A key of a type without our hash function has no position; the type itself is then the problem.
    private func hasRows(_ table: ShardedTable) async throws -> Bool {
        do {
            return try await rows(sql.hasRows(table)).first?.bool(0) ?? false
        } catch let error as PostgresError where error.sqlState == "42883" {
            return false
        }
    }

    private func rows(_ sql: String) async throws -> [[String?]] {
        try await connection.query(sql, deadline: deadline).rows
    }

    private func byTable(_ sql: String) async throws -> [TableName: [[String?]]] {
        Dictionary(grouping: try await rows(sql)) { TableName(schema: $0.text(0), name: $0.text(1)) }
    }
}

extension TableFacts {
    fileprivate init(_ row: [String?], _ name: TableName) {
        self.init(
            table: name,
            kind: row.text(2),
            persistence: row.text(3),
            takesPartInInheritance: row.bool(4),
            replicaIdentity: row.text(5),
            keyColumn: row[6].map { KeyColumn(type: $0, isDeterministic: row.bool(7), isGenerated: row.bool(8)) }
        )
    }
}

extension UniqueIndex {
    fileprivate init(_ row: [String?]) {
        self.init(
            name: row.text(2),
            columns: row.text(6).split(separator: "\u{1F}").map(String.init),
            isPrimary: row.bool(3),
            isIdentity: row.bool(4),
            isEligible: row.bool(5)
        )
    }
}

extension ForeignKey {
    fileprivate init(_ row: [String?]) {
        self.init(
            name: row.text(2),
            from: TableName(schema: row.text(3), name: row.text(4)),
            to: TableName(schema: row.text(5), name: row.text(6))
        )
    }
}
