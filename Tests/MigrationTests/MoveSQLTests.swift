import ClusterModel
import Testing

@testable import Migration

@Suite struct MoveSQLTests {
    private func order(_ type: ShardKeyType, segment: SegmentID = "shop-1") -> MoveOrder {
        MoveOrder(
            id: "m42",
            group: ShardGroup(
                id: "shop",
                keyType: type,
                tables: [
                    ShardedTable(table: TableName(name: "customers"), keyColumn: "tenant"),
                    ShardedTable(table: TableName(schema: "sales", name: "Order \"lines\""), keyColumn: "Tenant"),
                ]
            ),
            segment: Segment(id: segment, group: "shop", arc: HashArc.equalParts(4)[0]),
            source: "home-1",
            target: "contingent-1"
        )
    }

    @Test("Every statement of a move, as a dry run prints it")
    func script() throws {
        let script = MoveScript(
            MoveRecord(order: order(.bigint), term: 7, epoch: Epoch(10)),
            source: Endpoint(host: "10.0.0.1", port: 5432, database: "shop", user: "foreshard", password: "s3cret"),
            target: Endpoint(host: "10.0.0.2", port: 5432, database: "shop", user: "o'neil", password: nil),
            configuration: MoveConfiguration(now: { Timestamp(milliseconds: 0) })
        )
        var text = ""
        var step: MoveStep?
        for line in script.move {
            if line.step != step { text += "-- \(line.step.rawValue)\n" }
            step = line.step
            text += "\(line)\n"
        }
        #expect(!text.contains("s3cret"))
        try expectGolden("move-script.txt", text)
    }

    @Test(
        "A subscriber encrypts where the router does",
        arguments: [
            (nil, nil), (.disable, "disable"), (.prefer, "prefer"), (.require, "require"), (.verifyCA, "require"),
            (.verifyFull, "require"),
        ] as [(TransportEncryption.Mode?, String?)])
    func encryption(mode: TransportEncryption.Mode?, sslmode: String?) {
        let endpoint = Endpoint(
            host: "a", port: 1, database: "d", user: "u", password: nil, tls: mode.map { TransportEncryption($0) })
        let script = MoveScript(
            MoveRecord(order: order(.bigint), term: 7, epoch: Epoch(12)), source: endpoint, target: endpoint,
            configuration: MoveConfiguration(now: { Timestamp(milliseconds: 0) }))
        let subscriptions = script.move.filter { $0.sql.contains("CREATE SUBSCRIPTION") }
        #expect(!subscriptions.isEmpty)
        for line in subscriptions {
            #expect(line.sql.contains("sslmode") == (sslmode != nil))
            if let sslmode { #expect(line.sql.contains("sslmode=\(sslmode)")) }
        }
    }

    @Test("The revert is the same, mirrored")
    func revertScript() {
        let script = MoveScript(
            MoveRecord(order: order(.bigint), term: 7, epoch: Epoch(12)),
            source: Endpoint(host: "a", port: 1, database: "d", user: "u", password: nil),
            target: Endpoint(host: "b", port: 1, database: "d", user: "u", password: nil),
            configuration: MoveConfiguration(now: { Timestamp(milliseconds: 0) })
        )
        let lines = script.lines(of: [.revertFenced, .revertDecided])
        #expect(lines.contains { $0.step == .fence && $0.instance == "contingent-1" && $0.sql.contains("13, 7") })
        #expect(lines.contains { $0.step == .own && $0.instance == "home-1" && $0.sql.contains("14, 7") })
        #expect(lines.contains { $0.step == .disarm && $0.sql.contains("foreshard_m42_rev") })
        #expect(lines.contains { $0.step == .own && $0.sql.contains("foreshard_m42_fwd") })
    }

    @Test("The predicate is PostgreSQL's own hash of the key")
    func predicate() {
        let bounds = "BETWEEN '-9223372036854775808'::bigint AND '-4611686018427387906'::bigint"
        let expected: [ShardKeyType: String] = [
            .integer: "hashint8extended(\"tenant\", 0)", .bigint: "hashint8extended(\"tenant\", 0)",
            .text: "hashtextextended(\"tenant\", 0)", .varchar: "hashtextextended(\"tenant\", 0)",
            .uuid: "uuid_hash_extended(\"tenant\", 0)",
        ]
        for type in ShardKeyType.allCases {
            let sql = MoveSQL(order(type))
            #expect(sql.predicate(sql.tables[0]) == "\(expected[type]!) \(bounds)")
        }
        let sql = MoveSQL(order(.text))
        #expect(sql.position(sql.tables[1], row: "OLD") == "hashtextextended(OLD.\"Tenant\", 0)")
    }

    @Test("A connection string is quoted twice: as libpq's value and as an SQL literal")
    func connectionString() throws {
        let endpoint = Endpoint(host: "h", port: 1, database: "d", user: "it's", password: "a\\b'c")
        let statements = MoveSQL(order(.text)).createSubscription(.forward, to: endpoint)
        let statement = try #require(statements.first { $0.hasPrefix("CREATE SUBSCRIPTION") })
        #expect(statement.contains(#"user=''it\\''s''"#))
        #expect(statement.contains(#"password=''a\\\\b\\''c''"#))
    }

    @Test("Names fit PostgreSQL, tell segments apart, and refuse unsafe moves")
    func names() {
        let long = MoveNames(order(.text, segment: SegmentID(String(repeating: "Überlast/", count: 20))))
        #expect(long.register.utf8.count <= 63)
        #expect(MoveNames(order(.text, segment: "a-b")).register != MoveNames(order(.text, segment: "a_b")).register)
        #expect(MoveNames(order(.text, segment: "shop-1")).register.hasPrefix("register_shop_1_"))
        #expect(MoveNames.isUsable("m42"))
        #expect(!MoveNames.isUsable("m-42"))
        #expect(!MoveNames.isUsable(""))
        #expect(!MoveNames.isUsable(MoveID(String(repeating: "m", count: 41))))
        #expect(long.stream(.forward).utf8.count <= 63)
    }
}
