// One server with three databases, each an instance with its share of the accounts of a bank, behind a router that may
// commit over several of them. The log of decisions is the test's.
import ClusterModel
import Foundation
import LocalPostgres
import Logging
import NIOCore
import Routing
import Synchronization
import WireProtocol

@testable import Proxy

/// What the router decided, and what becomes of a decision that is asked for.
final class TestCommitLog: CommitLog {
    enum Answer: Sendable { case written, fails, never }

    struct Failure: Error {}

    let cluster = "test"
    let term: Int64 = 1
    private let state = Mutex((answer: Answer.written, decisions: [DistributedTransactionID: [InstanceID]]()))

    var answer: Answer {
        get { state.withLock { $0.answer } }
        set { state.withLock { $0.answer = newValue } }
    }
    var decisions: [DistributedTransactionID: [InstanceID]] { state.withLock { $0.decisions } }

    func decide(_ transaction: DistributedTransactionID, on instances: [InstanceID]) async throws {
        while answer == .never { try? await Task.sleep(for: .milliseconds(2)) }
        guard answer == .written else { throw Failure() }
        state.withLock { $0.decisions[transaction] = instances }
    }
}

struct DistributedFixture {
    let router: Proxy
    let log: TestCommitLog
    let client: RawClient
    /// Straight to one database after another.
    let direct: [InstanceID: RawClient]

    static let group = ShardGroup(
        id: "bank", keyType: .bigint,
        tables: [
            ShardedTable(table: TableName(name: "accounts"), keyColumn: "id"),
            ShardedTable(table: TableName(name: "holders"), keyColumn: "id"),
        ])
    static let databases: [InstanceID] = ["one", "two", "three"]
    static let segments = zip(0..., HashArc.equalParts(6)).map {
        Segment(id: SegmentID("s\($0.0)"), group: group.id, arc: $0.1)
    }

    static func table() throws -> QueryRoutingTable {
        let locations = segments.enumerated().map { ($0.element.id, databases[$0.offset % 3]) }
        return try QueryRoutingTable(
            epoch: .initial, groups: [group], segments: segments,
            locations: Dictionary(uniqueKeysWithValues: locations))
    }

    /// The n-th account of the instance.
    static func key(_ n: Int = 0, on instance: InstanceID) throws -> Int64 {
        let table = try table()
        let keys = (Int64(1)...).lazy.filter {
            table[table.segment(of: group.id, at: ShardKey.integer($0).position).id] == instance
        }
        return Array(keys.prefix(n + 1))[n]
    }

    static func with(
        _ log: TestCommitLog? = TestCommitLog(), configuration: ProxyConfiguration = ProxyConfiguration(),
        _ body: (DistributedFixture) async throws -> Void
    )
        async throws
    {
        let directory = FileManager.default.temporaryDirectory.path + "/foreshard-bank-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var settings = ServerSettings()
        settings.isDurable = false
        let cluster = try await LocalCluster(directory: directory, settings: settings)
        let server = try cluster.server("all")
        try await server.provision()
        let endpoint = try await server.start()
        do {
            try await serve(cluster, endpoint, log, configuration, body)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    private static func serve(
        _ cluster: LocalCluster, _ endpoint: Endpoint, _ log: TestCommitLog?,
        _ configuration: ProxyConfiguration, _ body: (DistributedFixture) async throws -> Void
    ) async throws {
        let psql = Pgbench(cluster.installation, port: endpoint.port, user: endpoint.user)
        var instances: [Instance] = []
        var direct: [InstanceID: RawClient] = [:]
        for id in databases {
            try psql.psql("create database \(id.text)")
            try psql.psql(schema, in: id.text)
            instances.append(
                Instance(
                    id: id, role: .home, zone: "a",
                    endpoint: Endpoint(
                        host: endpoint.host, port: endpoint.port, database: id.text, user: endpoint.user,
                        password: endpoint.password),
                    capacity: Load(4), costPerHour: 1))
            let client = try await RawClient.connect(
                to: SocketAddress(ipAddress: endpoint.host, port: endpoint.port), user: endpoint.user,
                database: id.text)
            _ = await client.answer()
            direct[id] = client
        }
        let router = try await Proxy.start(
            configuration: configuration, routingTable: table(),
            instances: instances.map { RoutedInstance(instance: $0, connectionsMax: 8) },
            users: [ProxyUser(name: "app", credential: .trust)], commitLog: log, logger: Logger(label: "test"))
        let client = try await RawClient.connect(to: router.localAddress, user: "app", database: "one")
        _ = await client.answer()
        let fixture = DistributedFixture(
            router: router, log: log ?? TestCommitLog(), client: client, direct: direct)
        do {
            try await body(fixture)
        } catch {
            await router.shutdown(drainWithin: .seconds(1))
            throw error
        }
        await router.shutdown(drainWithin: .seconds(1))
    }

    private static let schema = """
        create table holders (id bigint primary key, name text);
        create table accounts (id bigint primary key, balance bigint not null check (balance >= 0));
        create function no_odd() returns trigger language plpgsql as $$
            begin if new.balance % 2 = 1 then raise exception 'odd balance' using errcode = '23000'; end if; return null; end $$;
        create constraint trigger even after insert or update on accounts deferrable initially deferred
            for each row execute function no_odd();
        insert into accounts select n, 100 from generate_series(1, 60) n;
        insert into holders select n, 'holder ' || n from generate_series(1, 60) n;
        """

    // MARK: What tests ask

    /// What a statement brought: the values of its rows, and the errors' states.
    func run(_ sql: String) async throws -> Answer {
        try await client.send(.query(sql))
        return Answer(await client.answer())
    }

    func run(_ sql: [String]) async throws -> [Answer] {
        var answers: [Answer] = []
        for sql in sql { answers.append(try await run(sql)) }
        return answers
    }

    /// What the instance has committed.
    func balance(_ key: Int64, on instance: InstanceID) async throws -> String? {
        try await at(instance, "select balance from accounts where id = \(key)").rows.first
    }

    func prepared() async throws -> [String] {
        try await at("one", "select gid from pg_prepared_xacts order by gid").rows
    }

    func at(_ instance: InstanceID, _ sql: String) async throws -> Answer {
        guard let connection = direct[instance] else { return Answer([]) }
        try await connection.send(.query(sql))
        return Answer(await connection.answer())
    }

    var isAtRest: Bool {
        get async {
            guard let status = await router.status() else { return false }
            return status.pools.allSatisfy { $0.leased == 0 && $0.waiting == 0 }
        }
    }

    struct Answer: Equatable, CustomStringConvertible {
        var rows: [String] = []
        var tags: [String] = []
        var errors: [SQLState] = []
        var warnings = 0
        var status: TransactionStatus?

        init(_ messages: [BackendMessage]) {
            for message in messages {
                switch message {
                case .dataRow(let values): rows.append(values.first.flatMap { $0.map { String(buffer: $0) } } ?? "")
                case .commandComplete(let tag): tags.append(tag)
                case .errorResponse(let error): errors.append(error.sqlState)
                case .noticeResponse: warnings += 1
                case .readyForQuery(let status): self.status = status
                default: break
                }
            }
        }

        var description: String {
            "rows \(rows) tags \(tags) errors \(errors) status \(status.map { "\($0)" } ?? "none")"
        }
    }
}
