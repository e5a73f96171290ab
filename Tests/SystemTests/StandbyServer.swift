// A physical streaming standby of the first home of a test cluster, and ways to hurt the home.
import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient
import Testing

struct StandbyServer {
    let server: LocalServer
    let endpoint: Endpoint
    let cluster: TestCluster

    static let name = "standby_1"

    /// Makes it, starts it, and names it in the cluster's configuration.
    ///
    /// - Parameter isSynchronous: commits of the home wait for it. The standby has the same setting, as copies do.
    static func make(of cluster: TestCluster, isSynchronous: Bool) async throws -> StandbyServer {
        if isSynchronous {
            _ = try await cluster.home(1, "ALTER SYSTEM SET synchronous_standby_names = '\(name)'")
            _ = try await cluster.home(1, "SELECT pg_reload_conf()")
        }
        var settings = ServerSettings()
        settings.isDurable = false
        let directory = try await LocalCluster(directory: cluster.directory + "/homes", settings: settings)
        let server = try directory.server("standby-1")
        let home = cluster.endpoints[0]
        let copy = [
            Programs.postgres("pg_basebackup"), "-D", server.dataDirectory, "-R", "-X", "stream", "-c", "fast", "-d",
            "host=127.0.0.1 port=\(home.port) user=\(home.user) application_name=\(name)",
        ]
        let account = try ServerAccount.choose()
        let command =
            account.switchingTo.map {
                ["/usr/bin/setpriv", "--reuid=\($0)", "--regid=\(account.gid)", "--init-groups", "--"] + copy
            } ?? copy
        let output = try await runProgram(command[0], Array(command.dropFirst()))
        try #require(output.status == 0, "\(output.all)")
        let endpoint = try await server.start()
        let text = try String(contentsOfFile: cluster.config, encoding: .utf8)
        try text.replacing("{id: home-1,", with: "{id: home-1, standby: {port: \(endpoint.port)},")
            .write(toFile: cluster.config, atomically: true, encoding: .utf8)
        return StandbyServer(server: server, endpoint: endpoint, cluster: cluster)
    }

    func query(_ sql: String) async throws -> QueryResult {
        let connection = try await PostgresConnection.connect(to: endpoint)
        let result: QueryResult
        do { result = try await connection.query(sql) } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        return result
    }

    func stop() async { try? await server.stop() }
}

/// What `foreshard standbys --json` says of the first home.
struct StandbyStatus: Decodable {
    let address: String
    let standby: String?
    let member: String?
    let state: String
    let isUsable: Bool
    let verdict: String
    let reason: String?
    let lagBytes: Int64?
    let isSynchronous: Bool?
    let lossBytes: Int64?
    let takeovers: Int

    static func of(_ cluster: TestCluster) async throws -> StandbyStatus {
        let output = try await cluster.foreshard("standbys", "--json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let all = try decoder.decode([StandbyStatus].self, from: Data(output.output.utf8))
        return try #require(all.first, "\(output.all)")
    }
}

/// The processes of a server: its postmaster and that one's children.
struct ServerProcesses {
    let all: [pid_t]

    /// - Parameter titles: only children whose title has one of these words, besides the postmaster; nil: all.
    init(of server: LocalServer, titles: [String]? = nil) throws {
        try self.init(in: server.dataDirectory, titles: titles)
    }

    init(in dataDirectory: String, titles: [String]? = nil) throws {
        let file = try String(contentsOfFile: dataDirectory + "/postmaster.pid", encoding: .utf8)
        let postmaster = try #require(file.split(separator: "\n").first.flatMap { pid_t($0) })
        let pids = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
        let children = pids.filter { pid in
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let fields = stat.split(separator: ")").last?.split(separator: " "), fields.count > 1
            else { return false }
            return pid_t(fields[1]) == postmaster
        }
        all =
            [postmaster]
            + children.filter { pid in
                guard let titles else { return true }
                let title = (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? ""
                return titles.contains { title.contains($0) }
            }
    }

    func signal(_ number: Int32) { for pid in all { kill(pid, number) } }
}

/// Clients that write through the router and remember what was acknowledged.
actor TakeoverLedger {
    private(set) var acknowledged: Set<Int> = []
    private(set) var uncertain: Set<Int> = []
    private(set) var increments: [Int: Int] = [:]
    private(set) var unknownIncrements: [Int: Int] = [:]
    private(set) var errors: [String: Int] = [:]
    private(set) var lastWrite: [Int: ContinuousClock.Instant] = [:]
    private(set) var longestPause = Duration.zero
    private var nextKey = 1000

    func key() -> Int {
        nextKey += 1
        return nextKey
    }

    func inserted(_ key: Int) { acknowledged.insert(key) }

    func incremented(_ account: Int) {
        increments[account, default: 0] += 1
        let now = ContinuousClock.now
        if let last = lastWrite[account] { longestPause = max(longestPause, now - last) }
        lastWrite[account] = now
    }

    func failed(key: Int?, account: Int?, _ error: any Error) {
        if let key { uncertain.insert(key) }
        if let account { unknownIncrements[account, default: 0] += 1 }
        let state = (error as? PostgresError)?.sqlState ?? "connection"
        errors[state, default: 0] += 1
    }

    /// Every account was written after this moment.
    func isServed(since moment: ContinuousClock.Instant) -> Bool { lastWrite.values.allSatisfy { $0 > moment } }
}

/// Writes until cancelled: an increment of the account, then a new row somewhere.
func write(_ ledger: TakeoverLedger, account: Int, through router: Endpoint) async {
    var connection: PostgresConnection?
    while !Task.isCancelled {
        let key = await ledger.key()
        var isIncremented = false
        do {
            if connection?.isClosed ?? true { connection = try await PostgresConnection.connect(to: router) }
            try await connection?.execute(
                "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = $1", ["\(account)"])
            await ledger.incremented(account)
            isIncremented = true
            try await connection?.execute("INSERT INTO kv (k, v) VALUES ($1, 'x')", ["\(key)"])
            await ledger.inserted(key)
        } catch {
            await ledger.failed(key: key, account: isIncremented ? nil : account, error)
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
    await connection?.close()
}

/// Accounts that are on the first home.
func accountsOfFirstHome(_ cluster: TestCluster) async throws -> [Int] {
    let connection = try await PostgresConnection.connect(to: cluster.router)
    for aid in 1...24 {
        try await connection.execute("INSERT INTO pgbench_accounts (aid) VALUES ($1)", ["\(aid)"])
    }
    await connection.close()
    let found = try await cluster.home(1, "SELECT aid FROM pgbench_accounts").rows.compactMap {
        $0[0].flatMap { Int($0) }
    }
    return Array(found.prefix(4))
}

/// Writes while `body` runs and until every account was written after it.
func whileWriting(
    _ ledger: TakeoverLedger, _ accounts: [Int], _ cluster: TestCluster, _ program: ServingProgram,
    _ body: () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for account in accounts { group.addTask { await write(ledger, account: account, through: cluster.router) } }
        defer { group.cancelAll() }
        try await program.waitUntil("there are writes") { await ledger.acknowledged.count > 100 }
        try await body()
        let moment = ContinuousClock.now
        try await program.waitUntil("all is served again") { await ledger.isServed(since: moment) }
    }
}

func integers(_ result: QueryResult) -> Set<Int> {
    Set(result.rows.compactMap { $0[0].flatMap { Int($0) } })
}
