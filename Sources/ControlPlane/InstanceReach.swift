// Whether the home instances answer at all, told for every one of them at once.
import ClusterModel
import PostgresClient

enum InstanceReach {
    static func check(_ instances: [Instance]) async throws {
        var problems: [String] = []
        for instance in instances {
            do {
                let connection = try await PostgresConnection.connect(to: instance.endpoint, deadline: .seconds(5))
                await connection.close()
            } catch {
                problems.append("instance \(instance.id): \(error)")
            }
        }
        guard problems.isEmpty else { throw ClusterError(problems.joined(separator: "\n")) }
    }
}
