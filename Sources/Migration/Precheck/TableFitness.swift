// Judges one table on one instance. The hard condition: the shard key is in the replica identity; otherwise creating
// the publication succeeds, and then the application's own UPDATE and DELETE fail.
import ClusterModel
import PostgresClient

struct TableFitness {
    private let table: ShardedTable
    private let facts: TableFacts
    private let group: ShardGroup
    private let instance: InstanceID

    init(_ table: ShardedTable, _ facts: TableFacts, group: ShardGroup, on instance: InstanceID) {
        self.table = table
        self.facts = facts
        self.group = group
        self.instance = instance
    }

    var problems: [MoveProblem] {
        guard facts.kind == "r", !facts.takesPartInInheritance else {
            return [
                problem(
                    "is not an ordinary table of its own",
                    mend: "move partitions as tables of their own, or merge them"
                )
            ]
        }
        guard let key = facts.keyColumn else {
            return [problem("has no column \(table.keyColumn)", mend: "name its shard key in the configuration")]
        }
        return kindProblems(key) + identityProblems + uniqueProblems + foreignKeyProblems + replicationProblems
    }

    private var name: String { MoveSQL.qualified(table.table) }
    private var keySQL: String { quoteIdentifier(table.keyColumn) }

    private func problem(_ what: String, mend: String) -> MoveProblem {
        MoveProblem(instance, "\(table.table) \(what)", mend: mend)
    }

    private func kindProblems(_ key: TableFacts.KeyColumn) -> [MoveProblem] {
        var problems: [MoveProblem] = []
        if facts.persistence != "p" {
            problems.append(problem("is not logged, so it is not replicated", mend: "ALTER TABLE \(name) SET LOGGED"))
        }
        problems += KeyColumnFitness.problems(key, of: table, keyType: group.keyType).map {
            problem($0.what, mend: $0.mend)
        }
        if key.isGenerated {
            problems.append(
                problem(
                    "has a generated column as its key, which is not replicated",
                    mend: "ALTER TABLE \(name) ALTER COLUMN \(keySQL) DROP EXPRESSION"
                )
            )
        }
        return problems
    }

    private func hasKey(_ index: UniqueIndex) -> Bool { index.columns.contains(table.keyColumn) }

    private var primary: UniqueIndex? { facts.uniqueIndexes.first(where: \.isPrimary) }

    /// The full row as identity will do only where a primary key keeps the applier from scanning.
    private var hasFitIdentity: Bool {
        switch facts.replicaIdentity {
        case "d": primary.map(hasKey) ?? false
        case "i": facts.uniqueIndexes.contains { $0.isIdentity && hasKey($0) }
        case "f": primary != nil
        default: false
        }
    }

    private var identityProblems: [MoveProblem] {
        guard !hasFitIdentity else { return [] }
        let what = "has no replica identity that contains \(table.keyColumn): its rows cannot be moved"
        if let index = facts.uniqueIndexes.first(where: { $0.isEligible && hasKey($0) }) {
            let mend = index.isPrimary ? "DEFAULT" : "USING INDEX \(quoteIdentifier(index.name))"
            return [problem(what, mend: "ALTER TABLE \(name) REPLICA IDENTITY \(mend)")]
        }
        guard let primary else {
            return [problem(what, mend: "ALTER TABLE \(name) ADD PRIMARY KEY (\(keySQL), ...)")]
        }
        return [problem(what, mend: widened(primary))]
    }

    /// Uniqueness is kept by each instance for itself, so it must be uniqueness within one key.
    private var uniqueProblems: [MoveProblem] {
        facts.uniqueIndexes.filter { !hasKey($0) && !($0.isPrimary && !hasFitIdentity) }.map { index in
            problem(
                "has the unique index \(index.name) without \(table.keyColumn): two instances cannot keep it unique",
                mend: widened(index)
            )
        }
    }

    private func widened(_ index: UniqueIndex) -> String {
        let columns = ([table.keyColumn] + index.columns).map(quoteIdentifier).joined(separator: ", ")
        let old = quoteIdentifier(index.name)
        return index.isPrimary
            ? "ALTER TABLE \(name) DROP CONSTRAINT \(old), ADD PRIMARY KEY (\(columns))"
            : "CREATE UNIQUE INDEX CONCURRENTLY ON \(name) (\(columns)); then drop \(old)"
    }

    private var foreignKeyProblems: [MoveProblem] {
        let members = Set(group.tables.map(\.table))
        return facts.foreignKeys.filter { !members.contains($0.from) || !members.contains($0.to) }.map { key in
            problem(
                "is tied by the foreign key \(key.name) (\(key.from) to \(key.to)) to a table outside of group \(group.id)",
                mend: "ALTER TABLE \(MoveSQL.qualified(key.from)) DROP CONSTRAINT \(quoteIdentifier(key.name)), "
                    + "or shard both tables in one group"
            )
        }
    }

    private var replicationProblems: [MoveProblem] {
        let triggers = facts.applierTriggers.map { trigger in
            problem(
                "has the trigger \(trigger), which would fire again when its rows are replicated",
                mend: "ALTER TABLE \(name) ENABLE TRIGGER \(quoteIdentifier(trigger))"
            )
        }
        let publications = facts.publications.map { publication in
            problem(
                "is in the publication \(publication): moving rows would insert and delete them downstream",
                mend: "ALTER PUBLICATION \(quoteIdentifier(publication)) DROP TABLE \(name)"
            )
        }
        return triggers + publications
    }
}
