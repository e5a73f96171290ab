// How soon a contingent instance of the provider `local` is ready: each step of its life as the pool takes it, one member
// after the other, then all members side by side. Servers are durable and ask for passwords, as `foreshard serve` makes
// them; the home is another server of this machine.
//
//   PoolBenchmark [ROUNDS] [MEMBERS] [TABLES]      20, 3 and 40 if not given

import ClusterModel
import ContingentPool
import Foundation
import LocalPostgres
import PostgresClient

@main
struct PoolBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
        guard arguments.allSatisfy({ (1...1000).contains($0) }), arguments.count <= 3 else {
            FileHandle.standardError.write(Data("usage: PoolBenchmark [ROUNDS] [MEMBERS] [TABLES]\n".utf8))
            exit(2)
        }
        let numbers = Array(arguments) + [20, 3, 40].dropFirst(arguments.count)
        let directory = FileManager.default.temporaryDirectory.path + "/foreshard-pool-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var settings = ServerSettings()
        settings.authentication = .scram(password: UUID().uuidString)
        let homes = try await LocalCluster(directory: directory + "/homes")
        let members = try await LocalCluster(directory: directory + "/contingent", settings: settings)
        let server = try homes.server("home-1")
        do {
            try await server.provision()
            let home = try await server.start()
            try await run(home, members, rounds: numbers[0], count: numbers[1], tables: numbers[2])
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    private static func run(
        _ home: Endpoint, _ cluster: LocalCluster, rounds: Int, count: Int, tables: Int
    ) async throws {
        let connection = try await PostgresConnection.connect(to: home, applicationName: "pool benchmark")
        try await connection.query(ShopSchema(tables: tables).sql)
        await connection.close()
        let provider = LocalProvider(
            cluster: cluster, instancesMax: count,
            terms: InstanceTerms(zone: "b", capacity: Load(16), costPerHour: 1))
        let lives = MemberLives(provider: provider, home: home, installation: cluster.installation)
        var laps = Laps()
        print("\(rounds) rounds, \(count) members, \(tables) tables; load average \(loadAverage())")
        _ = try await laps.time("template, once") { try await cluster.prepareTemplate() }
        do {
            for _ in 0..<rounds {
                for id in provider.instances { try await lives.live(id, &laps) }
            }
            for _ in 0..<rounds { try await lives.sideBySide(&laps) }
        } catch {
            for id in provider.instances { try? await provider.stop(id) }
            throw error
        }
        print(laps.table)
        print("load average \(loadAverage())")
    }

    /// Of the last one, five and fifteen minutes.
    private static func loadAverage() -> String {
        let words = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ") ?? []
        return words.prefix(3).joined(separator: " ")
    }
}
