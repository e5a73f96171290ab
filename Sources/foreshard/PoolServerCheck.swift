// What can be said of a pool's server before it is used: it answers, and it is fit as a target. Its tables come when it
// is warmed, so only the problems of the server count: those that two prechecks share whose tables are different ones.
import ClusterModel
import Migration

enum PoolServerCheck {
    /// - Throws: `ConnectionError`, `PostgresError`.
    static func problems(of instance: Instance) async throws -> [MoveProblem] {
        let first = try await InstanceCheck.problems(of: instance, group: absentGroup("absent_table_1"))
        let second = Set(try await InstanceCheck.problems(of: instance, group: absentGroup("absent_table_2")))
        return first.filter(second.contains)
    }

    private static func absentGroup(_ table: String) -> ShardGroup {
        ShardGroup(
            id: "check", keyType: .bigint,
            tables: [ShardedTable(table: TableName(schema: "foreshard_check", name: table), keyColumn: "key")])
    }
}
