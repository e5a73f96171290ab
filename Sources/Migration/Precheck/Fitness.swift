// Judges whether two instances are fit for a move. Pure; every problem is found in one pass, each with its mending.
import ClusterModel
import PostgresClient

package struct Fitness: Sendable {
    private let order: MoveOrder
    private let source: InstanceFacts
    private let target: InstanceFacts

    package init(_ order: MoveOrder, source: InstanceFacts, target: InstanceFacts) {
        self.order = order
        self.source = source
        self.target = target
    }

    package var problems: [MoveProblem] {
        orderProblems + versionProblems + [source, target].flatMap { serverProblems($0) + tableProblems($0) }
            + schemaProblems
            + contentProblems
    }

    /// A move from a server to itself would fence its own owner.
    private var orderProblems: [MoveProblem] {
        var problems: [MoveProblem] = []
        if source.server.identity == target.server.identity {
            problems.append(
                MoveProblem(order.target, "is the same database as \(order.source)", mend: "name another instance")
            )
        }
        if !MoveNames.isUsable(order.id) {
            problems.append(
                MoveProblem(
                    order.source,
                    "the move's name \(order.id) does not fit a replication slot",
                    mend: "use up to \(MoveNames.moveIDLengthMax) lower-case letters, digits and underscores"
                )
            )
        }
        if order.group.tables.isEmpty {
            problems.append(
                MoveProblem(
                    order.source,
                    "group \(order.group.id) has no tables",
                    mend: "name them in the configuration"
                )
            )
        }
        return problems
    }

    // MARK: Servers

    /// The first minor release of each major that keeps changes when a publication is altered inside transactions.
    private static let minimumVersions = [15: 150_013, 16: 160_009, 17: 170_005]

    private var versionProblems: [MoveProblem] {
        let majors = (source.server.version / 10_000, target.server.version / 10_000)
        var problems: [MoveProblem] = []
        if majors.0 != majors.1 {
            problems.append(
                MoveProblem(
                    order.target,
                    "runs PostgreSQL \(majors.1), the source runs \(majors.0)",
                    mend: "use a target of version \(majors.0)"
                )
            )
        }
        if source.server.encoding != target.server.encoding {
            problems.append(
                MoveProblem(
                    order.target,
                    "its encoding is \(target.server.encoding), the source's is \(source.server.encoding)",
                    mend: "CREATE DATABASE ... ENCODING '\(source.server.encoding)'"
                )
            )
        }
        if source.server.collation != target.server.collation {
            problems.append(
                MoveProblem(
                    order.target,
                    "its database orders text by \(target.server.collation), the source's by \(source.server.collation): "
                        + "the same query would give another order",
                    mend:
                        "make the target's database with the source's locale (`initdb --locale`; `pool.locale` for local contingents)"
                )
            )
        }
        return problems
    }

    func serverProblems(_ facts: InstanceFacts) -> [MoveProblem] {
        let server = facts.server
        let minimum = server.version < 150_000 ? 150_013 : Self.minimumVersions[server.version / 10_000] ?? 0
        let findings: [(Bool, String, String)] = [
            (
                server.version < minimum, "PostgreSQL \(Self.text(server.version)) can lose changes during a cut-over",
                "update to \(Self.text(minimum)) or later"
            ),
            (!server.isSuperuser, "Foreshard is not connected as a superuser", "ALTER ROLE ... SUPERUSER"),
            (server.isInRecovery, "it is a standby", "use the primary"),
            (
                server.walLevel != "logical", "wal_level is \(server.walLevel)",
                "ALTER SYSTEM SET wal_level = 'logical', then restart"
            ),
            (
                server.slotsMax - server.slotsUsed < 1, "all \(server.slotsMax) replication slots are in use",
                "ALTER SYSTEM SET max_replication_slots = \(server.slotsMax + 4), then restart"
            ),
            (
                server.sendersMax - server.sendersUsed < 2,
                "\(server.sendersUsed) of \(server.sendersMax) walsenders are in use",
                "ALTER SYSTEM SET max_wal_senders = \(server.sendersMax + 4), then restart"
            ),
            (
                server.applyWorkersMax - server.applyWorkersUsed < 1,
                "all \(server.applyWorkersMax) logical replication workers are in use",
                "ALTER SYSTEM SET max_logical_replication_workers = \(server.applyWorkersMax + 4), then restart"
            ),
            (
                server.retryIntervalMilliseconds > 200,
                "wal_retrieve_retry_interval is \(server.retryIntervalMilliseconds) ms: streams would start late",
                "ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'; SELECT pg_reload_conf()"
            ),
            (
                !server.leftovers.isEmpty, "another move left \(server.leftovers.joined(separator: ", "))",
                "finish or abort that move"
            ),
        ]
        return findings.filter(\.0).map { MoveProblem(facts.instance, $0.1, mend: $0.2) }
    }

    private static func text(_ version: Int) -> String { "\(version / 10_000).\(version % 10_000)" }

    // MARK: Tables

    func tableProblems(_ facts: InstanceFacts) -> [MoveProblem] {
        order.group.tables.flatMap { table in
            guard let found = facts.tables.first(where: { $0.table == table.table }) else {
                return [
                    MoveProblem(
                        facts.instance,
                        "\(table.table) does not exist",
                        mend: "pg_dump --schema-only --table=\(table.table) of the other instance"
                    )
                ]
            }
            return TableFitness(table, found, group: order.group, on: facts.instance).problems
        }
    }

    private var schemaProblems: [MoveProblem] {
        source.tables.compactMap { table in
            guard let other = target.tables.first(where: { $0.table == table.table }) else { return nil }
            let missing = table.schema.filter { !other.schema.contains($0) }
            let extra = other.schema.filter { !table.schema.contains($0) }
            guard !missing.isEmpty || !extra.isEmpty else { return nil }
            let differences = missing.map { "without: \($0)" } + extra.map { "only there: \($0)" }
            return MoveProblem(
                target.instance,
                "\(table.table) differs from the source's (\(differences.joined(separator: "; ")))",
                mend: "alter it until both are equal"
            )
        }
    }

    private var contentProblems: [MoveProblem] {
        target.tables.filter(\.hasSegmentRows).map { table in
            MoveProblem(
                target.instance,
                "\(table.table) already has rows of segment \(order.segment.id)",
                mend: predicate(of: table.table).map { "DELETE FROM \(MoveSQL.qualified(table.table)) WHERE \($0)" }
                    ?? "delete them"
            )
        }
    }

    private func predicate(of table: TableName) -> String? {
        order.group.tables.first { $0.table == table }.map { MoveSQL(order).predicate($0) }
    }
}
