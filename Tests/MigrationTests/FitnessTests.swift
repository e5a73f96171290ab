import ClusterModel
import Testing

@testable import Migration

@Suite struct FitnessTests {
    private let group = ShardGroup(
        id: "shop",
        keyType: .integer,
        tables: [ShardedTable(table: TableName(name: "orders"), keyColumn: "customer_id")]
    )

    private func facts(_ instance: InstanceID, _ adjust: (inout InstanceFacts) -> Void = { _ in }) -> InstanceFacts {
        var facts = InstanceFacts(
            instance: instance,
            server: ServerFacts(
                identity: "\(instance)",
                version: 150_020,
                encoding: "UTF8",
                isSuperuser: true,
                isInRecovery: false,
                walLevel: "logical",
                slotsMax: 10,
                slotsUsed: 0,
                sendersMax: 10,
                sendersUsed: 0,
                applyWorkersMax: 4,
                applyWorkersUsed: 0,
                retryIntervalMilliseconds: 100,
                collation: "C.UTF-8 C.UTF-8 provider c"
            ),
            tables: [
                TableFacts(
                    table: TableName(name: "orders"),
                    kind: "r",
                    persistence: "p",
                    takesPartInInheritance: false,
                    replicaIdentity: "d",
                    keyColumn: .init(type: "integer", isDeterministic: true, isGenerated: false),
                    uniqueIndexes: [
                        UniqueIndex(
                            name: "orders_pkey",
                            columns: ["customer_id", "id"],
                            isPrimary: true,
                            isIdentity: false,
                            isEligible: true
                        )
                    ]
                )
            ]
        )
        adjust(&facts)
        return facts
    }

    private func problems(_ adjust: (inout InstanceFacts) -> Void) -> [String] {
        let order = MoveOrder(
            id: "m1",
            group: group,
            segment: Segment(id: "shop-0", group: "shop", arc: .whole),
            source: "home",
            target: "contingent"
        )
        return Fitness(order, source: facts("home"), target: facts("contingent", adjust)).problems.map(\.description)
    }

    @Test("Fit instances have no problems")
    func fit() { #expect(problems { _ in }.isEmpty) }

    @Test("A primary key without the shard key is widened")
    func primaryKey() {
        let found = problems { $0.tables[0].uniqueIndexes[0].columns = ["id"] }
        #expect(
            found == [
                "contingent: public.orders has no replica identity that contains customer_id: its rows cannot be moved. "
                    + "Mend: ALTER TABLE \"public\".\"orders\" DROP CONSTRAINT \"orders_pkey\", "
                    + "ADD PRIMARY KEY (\"customer_id\", \"id\")"
            ]
        )
    }

    @Test("An index that could be the identity is proposed")
    func eligibleIndex() {
        let found = problems { facts in
            facts.tables[0].uniqueIndexes[0].columns = ["id"]
            facts.tables[0].uniqueIndexes.append(
                UniqueIndex(
                    name: "orders_by_customer",
                    columns: ["customer_id", "number"],
                    isPrimary: false,
                    isIdentity: false,
                    isEligible: true
                )
            )
        }
        #expect(found.contains { $0.contains("REPLICA IDENTITY USING INDEX \"orders_by_customer\"") })
        #expect(!found.contains { $0.contains("unique index orders_by_customer") })
    }

    @Test("The full row is an identity only beside a primary key")
    func fullIdentity() {
        #expect(problems { $0.tables[0].replicaIdentity = "f" }.isEmpty)
        #expect(
            problems {
                $0.tables[0].replicaIdentity = "f"
                $0.tables[0].uniqueIndexes = []
            }.contains { $0.contains("ADD PRIMARY KEY") }
        )
    }

    @Test("All problems are found at once")
    func everything() {
        let found = problems { facts in
            facts.server.version = 150_004
            facts.server.isSuperuser = false
            facts.server.walLevel = "replica"
            facts.server.slotsUsed = 10
            facts.server.sendersUsed = 9
            facts.server.applyWorkersUsed = 4
            facts.server.retryIntervalMilliseconds = 5000
            facts.server.leftovers = ["slot foreshard_m1_fwd"]
            facts.tables[0].persistence = "u"
            facts.tables[0].keyColumn?.type = "text"
            facts.tables[0].uniqueIndexes.append(
                UniqueIndex(
                    name: "orders_number",
                    columns: ["number"],
                    isPrimary: false,
                    isIdentity: false,
                    isEligible: true
                )
            )
            facts.tables[0].foreignKeys = [
                ForeignKey(name: "orders_currency", from: TableName(name: "orders"), to: TableName(name: "currency"))
            ]
            facts.tables[0].applierTriggers = ["audit"]
            facts.tables[0].publications = ["cdc"]
            facts.tables[0].schema = ["column note text"]
            facts.tables[0].hasSegmentRows = true
        }
        #expect(found.count == 16, "\(found.joined(separator: "\n"))")
        #expect(found.allSatisfy { $0.hasPrefix("contingent: ") && $0.contains("Mend: ") })
    }

    @Test("A missing table, a partitioned one, a missing key column")
    func structure() {
        #expect(problems { $0.tables = [] }.contains { $0.contains("does not exist") })
        #expect(problems { $0.tables[0].kind = "p" }.contains { $0.contains("not an ordinary table") })
        #expect(problems { $0.tables[0].keyColumn = nil }.contains { $0.contains("no column customer_id") })
    }

    @Test("A move to the same database under another name is refused")
    func sameDatabase() {
        #expect(problems { $0.server.identity = "home" }.contains { $0.contains("same database as home") })
    }

    @Test("Two major versions cannot exchange binary rows")
    func versions() {
        #expect(problems { $0.server.version = 170_006 }.contains { $0.contains("runs PostgreSQL 17") })
    }

    @Test("A target that orders text otherwise would change answers")
    func collation() {
        let found = problems { $0.server.collation = "en_US.UTF-8 en_US.UTF-8 provider c" }
        #expect(found.count == 1 && found[0].contains("orders text by en_US.UTF-8"), "\(found)")
    }
}
