// Whether one instance is fit for moves at all, before there is any: the same facts and rules as a move's precheck.
import ClusterModel
import PostgresClient

package enum InstanceCheck {
    /// Everything that would keep a segment of the group from being moved from or to this instance.
    ///
    /// - Throws: `ConnectionError`, `PostgresError`.
    package static func problems(of instance: Instance, group: ShardGroup) async throws -> [MoveProblem] {
        let whole = Segment(id: "all", group: group.id, arc: .whole)
        let order = MoveOrder(id: "check", group: group, segment: whole, source: instance.id, target: instance.id)
        let connection = try await PostgresConnection.connect(to: instance.endpoint)
        do {
            let facts = try await FactReader(
                sql: MoveSQL(order), instance: instance.id, connection: connection, deadline: .seconds(30)
            ).read()
            await connection.close()
            let fitness = Fitness(order, source: facts, target: facts)
            return fitness.serverProblems(facts) + fitness.tableProblems(facts)
        } catch {
            await connection.close()
            throw error
        }
    }
}
