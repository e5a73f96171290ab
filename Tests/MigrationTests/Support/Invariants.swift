// What must hold of two instances at any time: at most one owner, at most one armed stream, no truncation published,
// everything in the ledger; and what must be left after a move: nothing.
import ClusterModel
import PostgresClient
import Testing

@testable import Migration

extension TestCluster {
    static let instances = [home, contingent]

    /// The registers of the segment, where there is one.
    func registers() async throws -> [InstanceID: Int64] {
        var values: [InstanceID: Int64] = [:]
        for instance in Self.instances {
            guard try await query("SELECT to_regclass(\(quoteLiteral(sql.register)))", on: instance).scalar() != nil
            else { continue }
            values[instance] = try await query(sql.registerValue, on: instance).scalar().flatMap { Int64($0) }
        }
        return values
    }

    func expectInvariants(_ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation) async throws {
        let registers = try await registers()
        let even = registers.filter { $0.value & 1 == 0 }
        #expect(even.count <= 1, "owners: \(registers) \(comment ?? "")", sourceLocation: location)
        let epoch = await journal.epoch
        #expect(
            registers.values.allSatisfy { $0 <= epoch.number + 1 },
            "a register is ahead of the journal",
            sourceLocation: location
        )
        var armed = 0
        for instance in Self.instances {
            let filters = try await query(
                """
                SELECT count(DISTINCT prpubid) FROM pg_publication_rel
                WHERE pg_get_expr(prqual, prrelid) <> 'false' AND prrelid <> 'foreshard.token'::regclass
                """.replacing("'foreshard.token'::regclass", with: "coalesce(to_regclass('foreshard.token'), 0)"),
                on: instance
            )
            armed += Int(filters.scalar() ?? "") ?? 0
            let truncating = try await query("SELECT count(*) FROM pg_publication WHERE pubtruncate", on: instance)
            #expect(truncating.scalar() == "0", "publishes TRUNCATE", sourceLocation: location)
        }
        #expect(armed <= 1, "streams: \(armed) armed \(comment ?? "")", sourceLocation: location)
        try await expectLedgered(comment, at: location)
    }

    /// Everything on the instances is in the ledger.
    private func expectLedgered(_ comment: Comment?, at location: SourceLocation) async throws {
        let ledger = await journal.ledger
        for instance in Self.instances {
            for object in try await objects(on: instance) {
                let isKnown = ledger.contains { known in
                    known.instance == instance && (known.name == object.name || object.name.hasPrefix(known.name + "_"))
                        && known.kind.rawValue == object.kind
                }
                #expect(
                    isKnown,
                    "not in the ledger: \(object) on \(instance) \(comment ?? "")",
                    sourceLocation: location
                )
            }
        }
    }

    private func objects(on instance: InstanceID) async throws -> [(kind: String, name: String)] {
        try await query(
            """
            SELECT 'publication', pubname::text FROM pg_publication
            UNION ALL SELECT 'slot', slot_name FROM pg_replication_slots WHERE database = current_database()
            UNION ALL SELECT 'subscription', subname FROM pg_subscription
              WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            UNION ALL SELECT 'register', relname FROM pg_class
              WHERE relkind = 'S' AND relnamespace = to_regnamespace('foreshard')
            UNION ALL SELECT 'guardTriggers', tgname FROM pg_trigger WHERE tgname LIKE 'foreshard%'
            """,
            on: instance
        ).rows.map { ($0[0]!, $0[1]!) }
    }

    /// Nothing of any move is left but the furniture, and only the owner has rows of the segment.
    func expectNoLeftovers(owner: InstanceID, at location: SourceLocation = #_sourceLocation) async throws {
        for instance in Self.instances {
            let left = try await objects(on: instance)
            #expect(left.isEmpty, "left on \(instance): \(left)", sourceLocation: location)
            let schema = try await query("SELECT to_regclass('foreshard.token')", on: instance).scalar()
            if schema != nil {
                let tokens = try await query("SELECT count(*) FROM foreshard.token", on: instance).scalar()
                #expect(tokens == "0", "tokens on \(instance)", sourceLocation: location)
            }
            try await expectNoSessions(on: instance, at: location)
        }
        #expect(await journal.ledger.allSatisfy { $0.kind == .furniture }, sourceLocation: location)
        let other = owner == Self.home ? Self.contingent : Self.home
        #expect(try await segmentRows(on: other) == 0, "rows on \(other)", sourceLocation: location)
    }

    /// A session that was closed takes a moment to end.
    private func expectNoSessions(on instance: InstanceID, at location: SourceLocation) async throws {
        let sessions = """
            SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'foreshard%' AND datname = current_database()
            """
        let end = ContinuousClock.now + .seconds(3)
        while try await query(sessions, on: instance).scalar() != "0" {
            guard ContinuousClock.now < end else {
                Issue.record("sessions are left on \(instance)", sourceLocation: location)
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func segmentRows(on instance: InstanceID) async throws -> Int {
        var sum = 0
        for table in group.tables {
            let count = "SELECT count(*) FROM \(sql.qualified(table)) WHERE \(sql.predicate(table))"
            sum += Int(try await query(count, on: instance).scalar() ?? "") ?? 0
        }
        return sum
    }

    /// Every row of every table on an instance (or of the segment only), as a checksum.
    func contents(on instance: InstanceID, ofSegment: Bool) async throws -> [String?] {
        var sums: [String?] = []
        for table in group.tables {
            let condition = ofSegment ? sql.predicate(table) : "NOT (\(sql.predicate(table)))"
            let row = try await query(
                """
                SELECT count(*) || ' ' || coalesce(bit_xor(hashtextextended(r::text, 0)), 0)
                FROM \(sql.qualified(table)) r WHERE \(condition)
                """,
                on: instance
            )
            sums.append(row.scalar())
        }
        return sums
    }
}
