import ClusterModel
import Routing
import Testing

@Suite struct RouteTests {
    let table: QueryRoutingTable

    init() throws { table = try .example() }

    @Test func oneKeyGoesToTheSegmentOfItsHash() throws {
        for key in [0, 1, 42, -7, Int64.max, Int64.min] {
            let expected = table.segment(of: "shop", at: PostgresHash.int8(key))
            let literal = try table.route("SELECT * FROM orders WHERE customer_id = '\(key)'")
            let parameter = try table.route("DELETE FROM orders WHERE customer_id = $1", .text("\(key)"))
            #expect(literal.segment == expected.id)
            #expect(parameter == literal)
        }
    }

    @Test func theDecisionSaysWhy() throws {
        let decision = try table.route("SELECT * FROM documents WHERE owner = 'ann'")
        let segment = table.segment(of: "library", at: PostgresHash.text("ann"))
        let home = try #require(table[segment.id])
        #expect(
            decision
                == .segment(
                    segment.id,
                    on: home,
                    because: "its shard keys lie in \(segment.arc) of group library, which is segment \(segment.id) on "
                        + "\(home) at epoch 2"
                )
        )
    }

    @Test func severalKeysMustLieInOneSegment() throws {
        let keys = (1...1000).map { Int64($0) }
        let bySegment = Dictionary(grouping: keys) { table.segment(of: "shop", at: PostgresHash.int8($0)).id }
        for (segment, keys) in bySegment {
            let list = keys.map(String.init).joined(separator: ", ")
            #expect(try table.route("SELECT * FROM orders WHERE customer_id IN (\(list))").segment == segment)
        }
        let refusal = try table.route("DELETE FROM orders WHERE customer_id IN (1, 2, 3, 4, 5, 6, 7, 8)").refusal
        #expect(refusal?.construct == "several segments")
        #expect(refusal?.sqlState == "0A000")
    }

    @Test func readsOfSeveralSegmentsAreTheirOwnersByInstance() throws {
        for (sql, isWhole) in [
            ("SELECT * FROM orders WHERE customer_id IN (1, 2, 3, 4, 5, 6, 7, 8)", false),
            ("SELECT * FROM orders", true),
        ] {
            guard case .several(let scatter) = try table.route(sql) else {
                Issue.record("\(sql) does not read several segments")
                continue
            }
            #expect((scatter.plan != nil) == isWhole)
            #expect(scatter.parts.map(\.instance) == scatter.parts.map(\.instance).sorted())
            for part in scatter.parts {
                #expect(part.segments.allSatisfy { table[$0.id] == part.instance })
                #expect(part.segments.map(\.arc.lower) == part.segments.map(\.arc.lower).sorted())
            }
            let all = table.segments.filter { $0.group == "shop" }.map(\.id)
            #expect(isWhole ? Set(scatter.segments) == Set(all) : scatter.segments.count > 1)
        }
    }

    @Test func statementsWithoutShardedTablesGoAnywhere() throws {
        #expect(try table.route("SELECT 1").isAnywhere)
        #expect(try table.route("BEGIN").isAnywhere)
    }

    @Test func nullFindsNoRowButIsNoKeyForOne() throws {
        #expect(try table.route("SELECT * FROM orders WHERE customer_id = $1", .text(nil)).isAnywhere)
        #expect(try table.route("SELECT * FROM orders WHERE customer_id = NULL").isAnywhere)
        #expect(try table.route("UPDATE orders SET total = 1 WHERE customer_id = $1", .text(nil)).isAnywhere)
        let refusal = try table.route("INSERT INTO orders (customer_id) VALUES ($1)", .text(nil)).refusal
        #expect(refusal?.sqlState == "23502")
        let both = try table.route("SELECT * FROM orders WHERE customer_id IN ($1, 5)", .text(nil))
        #expect(both.segment == table.segment(of: "shop", at: PostgresHash.int8(5)).id)
    }

    @Test func keysThatAreNoneAreRefusedAsPostgreSQLWould() throws {
        let sql = "SELECT * FROM orders WHERE customer_id = $1"
        #expect(try table.route(sql, .text("five")).refusal?.sqlState == "22P02")
        #expect(try table.route(sql, .text("5", typeOID: 701)).refusal?.sqlState == "0A000")
        #expect(try table.route(sql).refusal?.sqlState == "08P01")
        #expect(try table.route("SELECT * FROM orders WHERE customer_id = 'x'").refusal?.sqlState == "22P02")
    }

    /// The instance finds no row, or says what is wrong with the value that it is to store.
    @Test func keysBeyondEveryIntegerDecideNothing() throws {
        let large = "9223372036854775808"
        let five = table.segment(of: "shop", at: PostgresHash.int8(5)).id
        #expect(try table.route("SELECT * FROM orders WHERE customer_id = $1", .text(large)).isAnywhere)
        #expect(try table.route("SELECT * FROM orders WHERE customer_id = -\(large)0").isAnywhere)
        #expect(try table.route("SELECT * FROM orders WHERE customer_id IN (\(large), 5)").segment == five)
        #expect(try table.route("INSERT INTO orders (customer_id) VALUES (\(large))").isAnywhere)
        #expect(try table.route("INSERT INTO orders (customer_id) VALUES (5), (\(large))").segment == five)
    }

    @Test func binaryAndTextParametersGoTheSameWay() throws {
        let sql = "SELECT * FROM orders WHERE customer_id = $1"
        let binary = ParameterValue(format: .binary, typeOID: 20, bytes: [0, 0, 0, 0, 0, 0, 0x10, 0])
        #expect(try table.route(sql, binary) == table.route(sql, .text("4096")))
    }

    @Test func aParameterOfAnotherTypeElsewhereMustDeclareIt() throws {
        let sql = "SELECT * FROM orders WHERE ratio = $1 AND customer_id = $1"
        let bytes: [UInt8] = [0x40, 0x45, 0, 0, 0, 0, 0, 0]
        let binary = ParameterValue(format: .binary, typeOID: 0, bytes: bytes)
        #expect(try table.route(sql, binary).refusal?.construct == "parameter of unknown type")
        #expect(try table.route(sql, ParameterValue(format: .binary, typeOID: 20, bytes: bytes)).segment != nil)
        #expect(try table.route(sql, .text("42")).segment != nil)
        #expect(try table.route("SELECT $1 FROM documents WHERE owner = $1", .text("ann")).refusal != nil)
        let keysOnly = "SELECT * FROM orders o, items i WHERE o.customer_id = $1 AND i.customer_id = $1"
        #expect(try table.route(keysOnly, binary).segment != nil)
    }

    @Test func aGroupWithoutSegmentsIsRefused() throws {
        let shopOnly = try QueryRoutingTable(
            epoch: .initial,
            groups: [.shop],
            segments: Segment.equal(1, of: "shop"),
            locations: ["shop-0": "home-1"]
        )
        let decision = try table.route("SELECT * FROM documents WHERE owner = 'ann'")
        #expect(decision.segment != nil)
        #expect(
            try shopOnly.routeAsAnalysedBy(table, "SELECT * FROM documents WHERE owner = 'ann'").refusal?.construct
                == "unknown group"
        )
    }
}
