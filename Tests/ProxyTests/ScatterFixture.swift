// One server with four databases: one with all rows, and three instances that own segments of them. Each instance also
// has rows that it does not own, with other values, so that one that slips into an answer is seen.
import ClusterModel
import Foundation
import LocalPostgres
import Logging
import NIOCore
import Routing
import Testing
import WireProtocol

@testable import Proxy

/// A client of the database with all rows, and one of the router.
struct ScatterFixture {
    let router: Proxy
    let whole: RawClient
    let scattered: RawClient
    let address: SocketAddress
    let server: Pgbench

    static let group = ShardGroup(
        id: "shop", keyType: .bigint,
        tables: [
            ShardedTable(table: TableName(name: "customers"), keyColumn: "id"),
            ShardedTable(table: TableName(name: "orders"), keyColumn: "customer_id"),
            ShardedTable(table: TableName(name: "items"), keyColumn: "customer_id"),
        ])
    static let databases: [InstanceID: String] = ["home-1": "postgres", "home-2": "second", "home-3": "third"]
    static let segments = zip(0..., HashArc.equalParts(7)).map {
        Segment(id: SegmentID("s\($0.0)"), group: group.id, arc: $0.1)
    }
    /// Not in turns, so that there are neighbours to be merged as well as gaps.
    static let owners: [InstanceID] = ["home-1", "home-1", "home-2", "home-3", "home-1", "home-2", "home-2"]

    static func table() throws -> QueryRoutingTable {
        try QueryRoutingTable(
            epoch: .initial, groups: [group], segments: segments,
            locations: Dictionary(uniqueKeysWithValues: zip(segments.map(\.id), owners)))
    }

    static func with(
        _ configuration: ProxyConfiguration = ProxyConfiguration(), connections: Int = 8,
        commitLog: TestCommitLog? = nil, _ body: (ScatterFixture) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "foreshard-scatter-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: directory) }
        var settings = ServerSettings()
        settings.isDurable = false
        let cluster = try await LocalCluster(directory: directory.path, settings: settings)
        let server = try cluster.server("all")
        try await server.provision()
        let endpoint = try await server.start()
        do {
            try await serve(cluster, endpoint, configuration, connections, commitLog, body)
        } catch { Issue.record(error) }
        try await server.stop()
    }

    private static func serve(
        _ cluster: LocalCluster, _ endpoint: Endpoint, _ configuration: ProxyConfiguration, _ connections: Int,
        _ commitLog: TestCommitLog?, _ body: (ScatterFixture) async throws -> Void
    ) async throws {
        let psql = Pgbench(cluster.installation, port: endpoint.port, user: endpoint.user)
        for database in ["whole", "second", "third"] { try psql.psql("create database \(database)") }
        try psql.psql(tables, in: "whole")
        var instances: [Instance] = []
        for (id, database) in databases.sorted(by: { $0.key < $1.key }) {
            // Types of users get other numbers.
            try psql.psql(
                String(repeating: "create type t as (a int); drop type t;", count: instances.count), in: database)
            try psql.psql(tables + foreignRows(of: id), in: database)
            instances.append(
                Instance(
                    id: id, role: .home, zone: "a",
                    endpoint: Endpoint(
                        host: endpoint.host, port: endpoint.port, database: database, user: endpoint.user,
                        password: endpoint.password),
                    capacity: Load(4), costPerHour: 1))
        }
        let router = try await Proxy.start(
            configuration: configuration, routingTable: table(),
            instances: instances.map { RoutedInstance(instance: $0, connectionsMax: connections) },
            users: [ProxyUser(name: "app", credential: .trust)], commitLog: commitLog, logger: Logger(label: "test"))
        do {
            let whole = try await RawClient.connect(
                to: SocketAddress(ipAddress: endpoint.host, port: endpoint.port), user: endpoint.user, database: "whole"
            )
            _ = await whole.answer()
            let scattered = try await RawClient.connect(to: router.localAddress, user: "app")
            _ = await scattered.answer()
            try await body(
                ScatterFixture(
                    router: router, whole: whole, scattered: scattered, address: router.localAddress, server: psql))
        } catch { Issue.record(error) }
        await router.shutdown(drainWithin: .seconds(1))
    }

    // MARK: SQL

    private static let tables = """
        create type mood as enum ('sad', 'ok', 'happy');
        create function thrice(numeric) returns numeric language sql immutable as 'select $1 * 3';
        create aggregate product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = 1);
        create table customers (id bigint primary key, name text, region varchar(20), since date, mood mood,
            note text collate "C");
        create table orders (customer_id bigint, id bigint, total numeric(10, 2), status text, created timestamptz,
            tags text[], ratio double precision, weight real, paid boolean, quantity integer, code char(6), shape point,
            took interval, place uuid, extra jsonb, small smallint, primary key (customer_id, id));
        create table items (customer_id bigint, order_id bigint, line integer, sku text, price numeric,
            primary key (customer_id, order_id, line));
        insert into customers select n, case when n % 11 = 0 then null else 'name ' || n % 37 end,
            (array['north', 'south', 'East', 'west'])[n % 4 + 1], date '2020-01-01' + (n % 100)::int,
            (array['sad', 'ok', 'happy'])[n % 3 + 1]::mood, (array['b', 'A', 'a', 'B', 'ä'])[n % 5 + 1]
            from generate_series(1, 120) n;
        insert into orders select c, o, (c * 7919 + o * 104729) % 100000 / 100.0,
            case when (c + o) % 13 = 0 then null else (array['new', 'paid', 'sent', 'Lost'])[(c + o) % 4 + 1] end,
            timestamptz '2024-01-01 00:00:00+00' + ((c * 31 + o) % 1000) * interval '1 hour',
            case when o % 3 = 0 then null else array['t' || c % 3, 'u' || o] end,
            (c * o % 97) * 0.25, (c % 50) * 0.5, case when (c + o) % 7 = 0 then null else (c * o) % 2 = 0 end,
            case when c % 9 = 0 then null else (c * o % 17)::int end, 'c' || c % 10, point(c, o),
            (c * o % 50) * interval '7 minutes', md5((c % 20)::text)::uuid, jsonb_build_object('k', c % 5),
            (c % 300)::smallint
            from generate_series(1, 120) c, generate_series(1, c % 6) o;
        insert into items select customer_id, id, l, 'sku' || (customer_id * 3 + l) % 23,
            (customer_id * l % 31) * 1.10 from orders, generate_series(1, (id % 3 + 1)::int) l where customer_id % 5 <> 0;
        analyze;
        """

    /// Every instance has their true rows: they can change their owner.
    static let movable = segments[0].id

    /// Some of what others own is there too, changed; the rest is not.
    private static func foreignRows(of instance: InstanceID) -> String {
        let arcs = zip(segments, owners).filter { $0.1 == instance || $0.0.id == movable }.map(\.0.arc)
        return [("customers", "id"), ("orders", "customer_id"), ("items", "customer_id")].map { table, key in
            let position = "hashint8extended(\(key), 0)"
            let owned = arcs.map { "\(position) between '\($0.lower)' and '\($0.upper)'" }.joined(separator: " or ")
            let change =
                switch table {
                case "customers": "update customers set name = 'foreign', region = 'foreign' where not (\(owned));"
                case "orders":
                    "update orders set total = 99999, status = 'foreign', quantity = 1000000 where not (\(owned));"
                default: "update items set price = 777777, sku = 'foreign' where not (\(owned));"
                }
            return "delete from \(table) where not (\(owned)) and \(key) % 3 = 0; \(change)"
        }.joined(separator: "\n")
    }
}
