import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient
import TestServers
import Testing

@testable import ContingentPool

private func ask(_ endpoint: Endpoint, _ sql: String) async throws -> String? {
    try await withConnection(to: endpoint) { try await $0.query(sql).scalar() }
}

private func startHome(_ cluster: LocalCluster) async throws -> Endpoint {
    let home = try cluster.server("home-1")
    try await home.provision()
    let endpoint = try await home.start()
    _ = try await ask(
        endpoint,
        """
        CREATE ROLE app LOGIN PASSWORD 'x'; CREATE ROLE readers; GRANT readers TO app;
        CREATE TYPE mood AS ENUM ('calm', 'hurried');
        CREATE TABLE customers (id bigint PRIMARY KEY, mood mood);
        CREATE TABLE orders (customer_id bigint REFERENCES customers, id bigserial, PRIMARY KEY (customer_id, id));
        ALTER TABLE orders OWNER TO app;
        CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42';
        CREATE SCHEMA foreshard; CREATE FUNCTION foreshard.guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE TRIGGER foreshard_guard BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION foreshard.guard();
        CREATE PUBLICATION moving FOR TABLE orders
        """
    )
    return endpoint
}

private let terms = InstanceTerms(zone: "b", capacity: Load(4), costPerHour: 1)

@Suite(.serialized) struct ProviderTests {
    @Test func localMembersGetTheHomesRolesAndSchema() async throws {
        try await withTemporaryCluster { cluster in
            let home = try await startHome(cluster)
            let store = MemoryStore()
            let pool = ContingentPool(
                configuration: PoolConfiguration(),
                providers: [LocalProvider(cluster: cluster, instancesMax: 2, terms: terms)],
                store: store,
                schema: { try await .capture(from: home, installation: cluster.installation) }
            )
            try await pool.recover()
            await pool.upkeep()
            #expect(await pool.allMembers.map(\.state) == [.warm])
            let lent = try await pool.lease(for: .move("m1"))
            let facts = try await ask(
                lent.endpoint,
                """
                SELECT concat_ws(' ', answer(), 'hurried'::mood, tableowner, pg_has_role('app', 'readers', 'member'),
                    to_regclass('customers'), to_regnamespace('foreshard'), (SELECT count(*) FROM pg_publication),
                    (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal)) FROM pg_tables WHERE tablename = 'orders'
                """
            )
            #expect(facts == "42 hurried app t customers 0 0")
            _ = try await ask(lent.endpoint, "INSERT INTO customers VALUES (1)")
            try await pool.giveBack(lent.id)
            await pool.upkeep()
            #expect(await pool.allMembers.map(\.state) == [.warm])
            let again = try await pool.lease(for: .move("m2"))
            #expect(try await ask(again.endpoint, "SELECT count(*) FROM customers") == "0")
            for operation in PoolTiming.Operation.allCases {
                print("measured: local \(operation) \(await pool.readiness.values(operation, by: "local")) s")
            }
        }
    }

    /// Homes may trust; servers of the pool ask everybody, and know what the router will say.
    @Test func theRouterLogsInToLocalMembersThatAskForPasswords() async throws {
        var settings = ServerSettings.forTests
        settings.authentication = .scram(password: "super")
        try await withTemporaryCluster { homes in
            let home = try await startHome(homes)
            try await withTemporaryCluster(settings) { cluster in
                let pool = ContingentPool(
                    configuration: PoolConfiguration(),
                    providers: [LocalProvider(cluster: cluster, instancesMax: 1, terms: terms)],
                    store: MemoryStore(),
                    schema: {
                        try await .capture(from: home, installation: cluster.installation)
                            .settingPassword(of: "app", to: "the router's")
                    }
                )
                try await pool.recover()
                await pool.upkeep()
                let lent = try await pool.lease(for: .move("m1")).endpoint
                func login(_ user: String, _ password: String?) -> Endpoint {
                    Endpoint(host: lent.host, port: lent.port, database: lent.database, user: user, password: password)
                }
                #expect(try await ask(login("app", "the router's"), "SELECT current_user") == "app")
                for (user, password) in [("app", "x"), ("app", nil), ("foreshard", nil), ("foreshard", "x")] {
                    let stranger = login(user, password)
                    await #expect(throws: ConnectionError.self) { try await ask(stranger, "SELECT 1") }
                }
            }
        }
    }

    @Test func aMemberThatDiedIsStartedAgainWithItsRows() async throws {
        try await withTemporaryCluster { cluster in
            let pool = ContingentPool(
                configuration: PoolConfiguration(),
                providers: [LocalProvider(cluster: cluster, instancesMax: 1, terms: terms)],
                store: MemoryStore(),
                schema: { .empty }
            )
            try await pool.recover()
            await pool.upkeep()
            let lent = try await pool.lease(for: .move("m1"))
            await pool.activate(owners: [lent.id])
            _ = try await ask(lent.endpoint, "CREATE TABLE t AS SELECT 7 AS n")
            // Another handle of the same server: the pool does not know who stopped it.
            try await LocalCluster(directory: cluster.directory, settings: cluster.settings).server(lent.id.text).stop()
            await #expect(throws: ConnectionError.self) { try await ask(lent.endpoint, "SELECT n FROM t") }
            for _ in 0..<3 { await pool.checkHealth() }
            let again = try #require(await pool.instance(lent.id))
            #expect(try await ask(again.endpoint, "SELECT n FROM t") == "7")
        }
    }

    @Test func aHalfMadeMemberIsCleanedUpAfterACrash() async throws {
        try await withTemporaryCluster { cluster in
            try FileManager.default.createDirectory(
                atPath: cluster.directory + "/contingent-1.making/base",
                withIntermediateDirectories: true
            )
            let restarted = try await LocalCluster(directory: cluster.directory, settings: cluster.settings)
            let stored = PoolMember(id: "contingent-1", provider: "local", zone: "b", state: .provisioning)
            let pool = ContingentPool(
                configuration: PoolConfiguration(),
                providers: [LocalProvider(cluster: restarted, instancesMax: 1, terms: terms)],
                store: MemoryStore([stored]),
                schema: { .empty }
            )
            try await pool.recover()
            await pool.upkeep()
            #expect(await pool.allMembers.map(\.state) == [.warm])
            #expect(!FileManager.default.fileExists(atPath: cluster.directory + "/contingent-1.making"))
        }
    }

    @Test func anActiveMemberKeepsItsRowsOverARestart() async throws {
        try await withTemporaryCluster { cluster in
            let provider = LocalProvider(cluster: cluster, instancesMax: 1, terms: terms)
            try await provider.provision("contingent-1")
            let before = try await provider.start("contingent-1")
            _ = try await ask(before, "CREATE TABLE t AS SELECT 7 AS n")
            try await provider.stop("contingent-1")
            let stored = PoolMember(
                id: "contingent-1",
                provider: "local",
                zone: "b",
                state: .active,
                endpoint: before
            )
            let pool = ContingentPool(
                configuration: PoolConfiguration(),
                providers: [provider],
                store: MemoryStore([stored]),
                schema: { .empty }
            )
            try await pool.recover()
            let instance = try #require(await pool.instance("contingent-1"))
            #expect(try await ask(instance.endpoint, "SELECT n FROM t") == "7")
        }
    }

    @Test func staticMembersAreEmptiedOnlyIfTheyWereEmptyAtFirst() async throws {
        try await withTemporaryCluster { cluster in
            let home = try await startHome(cluster)
            let spare = try cluster.server("spare")
            try await spare.provision()
            let endpoint = try await spare.start()
            let provider = StaticProvider(offers: ["spare": .init(endpoint: endpoint, terms: terms)])
            await #expect(throws: PoolError.self) { try await provider.wipe("spare") }
            _ = try await ask(endpoint, "CREATE TABLE precious ()")
            let error = await #expect(throws: PoolError.self) { try await provider.provision("spare") }
            #expect(error?.code == .notEmpty && error?.message.contains("relation precious") == true)
            _ = try await ask(endpoint, "DROP TABLE precious")

            let schema = try await InstanceSchema.capture(from: home, installation: cluster.installation)
            try await provider.provision("spare")
            for _ in 0..<2 {
                #expect(try await provider.start("spare") == endpoint)
                try await schema.apply(to: endpoint)
                _ = try await ask(endpoint, "INSERT INTO customers VALUES (1); CREATE SCHEMA foreshard; SELECT 1")
                try await provider.wipe("spare")
                #expect(try await ask(endpoint, "SELECT to_regclass('customers')") == nil)
            }
            try await provider.provision("spare")
            try await provider.remove("spare")
            await #expect(throws: PoolError.self) { try await provider.wipe("spare") }
        }
    }

    @Test func whatAMoveLeftBehindKeepsAStaticMemberOutOfUse() async throws {
        try await withTemporaryCluster { cluster in
            let spare = try cluster.server("spare")
            try await spare.provision()
            let endpoint = try await spare.start()
            let provider = StaticProvider(offers: ["spare": .init(endpoint: endpoint, terms: terms)])
            try await provider.provision("spare")
            _ = try await ask(endpoint, "SELECT pg_create_logical_replication_slot('left_over', 'pgoutput')")
            let error = await #expect(throws: PoolError.self) { try await provider.wipe("spare") }
            #expect(error?.message.contains("replication slot left_over") == true)
        }
    }

    @Test func checksNoticeAServerThatIsGone() async throws {
        try await withTemporaryCluster { cluster in
            let provider = LocalProvider(cluster: cluster, instancesMax: 1, terms: terms)
            try await provider.provision("contingent-1")
            let endpoint = try await provider.start("contingent-1")
            try await provider.check("contingent-1", at: endpoint)
            try await provider.stop("contingent-1")
            await #expect(throws: ConnectionError.self) { try await provider.check("contingent-1", at: endpoint) }
        }
    }
}
