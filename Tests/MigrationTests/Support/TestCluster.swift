// Two servers for the whole test run, a database of its own on both for each cluster, three tables of one group.
import ClusterModel
import PostgresClient

@testable import Migration

actor Servers {
    static let shared = Servers()
    private var starting: Task<[PostgresServer], any Error>?
    private var databases = 0

    func pair() async throws -> [PostgresServer] {
        let task =
            starting
            ?? Task {
                async let first = PostgresServer.start()
                async let second = PostgresServer.start()
                return try await [first, second]
            }
        starting = task
        return try await task.value
    }

    func nextDatabase() -> String {
        databases += 1
        return "test\(databases)_"
    }
}

/// One connection to each instance, for what tests ask.
actor Questions {
    private var connections: [InstanceID: PostgresConnection] = [:]

    func connection(to instance: InstanceID, at endpoint: Endpoint) async throws -> PostgresConnection {
        if let connection = connections[instance] { return connection }
        let connection = try await PostgresConnection.connect(to: endpoint, applicationName: "test")
        connections[instance] = connection
        return connection
    }
}

struct TestCluster: Sendable {
    static let home: InstanceID = "home"
    static let contingent: InstanceID = "contingent"

    let endpoints: [InstanceID: Endpoint]
    let journal = MemoryJournal()
    private let questions = Questions()
    let gate = TestGate(owner: home)
    let group: ShardGroup
    let segment: Segment

    init(endpoints: [InstanceID: Endpoint], group: ShardGroup, segment: Segment) {
        self.endpoints = endpoints
        self.group = group
        self.segment = segment
    }

    static let tables = """
        CREATE TABLE customers (tenant integer NOT NULL, id integer NOT NULL, name text, counter bigint DEFAULT 0,
          PRIMARY KEY (tenant, id));
        CREATE TABLE orders (tenant integer NOT NULL, id bigserial, customer integer NOT NULL, total numeric(12, 2),
          note jsonb, total_with_tax numeric GENERATED ALWAYS AS (total * 1.2) STORED, PRIMARY KEY (tenant, id),
          FOREIGN KEY (tenant, customer) REFERENCES customers);
        CREATE TABLE items (tenant integer NOT NULL, order_id bigint NOT NULL, line integer NOT NULL, "what ""is"" it" text,
          at timestamptz DEFAULT now(), PRIMARY KEY (tenant, order_id, line));
        """

    static let group = ShardGroup(
        id: "shop",
        keyType: .integer,
        tables: ["customers", "orders", "items"].map {
            ShardedTable(table: TableName(name: $0), keyColumn: "tenant")
        }
    )

    /// - Parameter rows: of `items`, over 64 tenants; a quarter of them in the segment.
    static func make(
        rows: Int = 600,
        tables: String = Self.tables,
        group: ShardGroup = Self.group,
        segmentIndex: Int = 1
    ) async throws -> TestCluster {
        let servers = try await Servers.shared.pair()
        let database = await Servers.shared.nextDatabase()
        for server in servers {
            let admin = try await PostgresConnection.connect(to: server.endpoint("postgres"))
            try await admin.query("CREATE DATABASE \(database)")
            await admin.close()
        }
        let cluster = TestCluster(
            endpoints: [home: servers[0].endpoint(database), contingent: servers[1].endpoint(database)],
            group: group,
            segment: Segment(id: "shop-1", group: group.id, arc: HashArc.equalParts(4)[segmentIndex])
        )
        for instance in [home, contingent] { try await cluster.query(tables, on: instance) }
        if rows > 0 { try await cluster.fill(rows) }
        return cluster
    }

    private func fill(_ rows: Int) async throws {
        try await query(
            """
            INSERT INTO customers SELECT t, i, 'customer ' || i FROM generate_series(1, 64) t, generate_series(1, 3) i;
            INSERT INTO orders (tenant, customer, total, note) SELECT 1 + n % 64, 1 + n % 3, n, '{"n": 1}'
              FROM generate_series(1, \(rows / 3)) n;
            INSERT INTO items SELECT 1 + n % 64, n, n % 5, 'thing ' || n FROM generate_series(1, \(rows)) n;
            """,
            on: Self.home
        )
    }

    @discardableResult
    func query(_ sql: String, on instance: InstanceID) async throws -> QueryResult {
        try await questions.connection(to: instance, at: endpoints[instance]!).query(sql)
    }

    func connect(_ instance: InstanceID) async throws -> PostgresConnection {
        try await PostgresConnection.connect(to: endpoints[instance]!, applicationName: "test")
    }

    func executor(
        term: Int64 = 1,
        _ adjust: (inout MoveConfiguration) -> Void = { _ in }
    ) -> MoveExecutor {
        var configuration = MoveConfiguration(now: { Timestamp(milliseconds: 1_000_000) })
        configuration.cutOverAttemptsMax = 1
        configuration.persistence = .seconds(5)
        // The shared host may stall.
        configuration.applyWithin = .seconds(3)
        configuration.gateDrainWithin = .seconds(3)
        configuration.tokenRoundTripMax = .seconds(3)
        configuration.fenceDrainWithin = .seconds(1)
        adjust(&configuration)
        return MoveExecutor(
            journal: journal,
            gate: gate,
            term: term,
            configuration: configuration,
            endpoints: { [endpoints] in endpoints[$0] }
        )
    }

    /// Unlike any other cluster's: slots have one name space in a server.
    var move: MoveID { MoveID(endpoints[Self.home]!.database) }

    func order(_ suffix: String = "") -> MoveOrder {
        MoveOrder(
            id: MoveID(move.text + suffix),
            group: group,
            segment: segment,
            source: Self.home,
            target: Self.contingent
        )
    }

    var sql: MoveSQL { MoveSQL(order()) }

    /// A key of the segment.
    func aKey(on instance: InstanceID = home) async throws -> Int {
        let keys = try await query(
            "SELECT tenant FROM customers WHERE \(sql.predicate(group.tables[0])) LIMIT 1",
            on: instance
        )
        return Int(keys.scalar() ?? "") ?? 0
    }
}
