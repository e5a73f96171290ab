import ClusterModel
import ContingentPool
import GRDB

extension CatalogStore: PoolStore {
    package func poolMembers() throws -> [PoolMember] {
        try database.read { try Row.fetchAll($0, sql: "SELECT * FROM pool_members ORDER BY id").map(Self.member) }
    }

    package func save(_ member: PoolMember, sentence: String?, entries: [PoolEntry]) throws {
        try database.write { try save(member, sentence: sentence, entries: entries, $0) }
    }

    /// Within a transaction of the caller's.
    func save(_ member: PoolMember, sentence: String?, entries: [PoolEntry], _ db: Database) throws {
        let stored = try StoredPoolState(member.state)
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO pool_members
                    (id, provider, zone, state, holder_move, holder_name, reason, endpoint, lease, lease_epoch, claim,
                    since, home)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                member.id.text, member.provider, member.zone.text, stored.kind.rawValue, stored.holderMove,
                stored.holderName, stored.reason, try member.endpoint.map(jsonText), stored.lease,
                member.leaseEpoch.number, try member.claim.map(jsonText), member.since?.milliseconds,
                stored.home,
            ]
        )
        for entry in entries { try Self.enter(entry, db) }
        guard let sentence else { return }
        try Self.append(
            AuditEntry(
                kind: "pool",
                move: stored.holderMove.map { MoveID($0) },
                instance: member.id,
                sentence: sentence
            ),
            at: now(),
            db
        )
    }

    package func record(_ timing: PoolTiming) throws {
        try database.write { db in
            try db.execute(
                sql: "INSERT INTO pool_timings (provider, operation, seconds) VALUES (?, ?, ?)",
                arguments: [timing.provider, timing.operation.rawValue, timing.seconds]
            )
            try db.execute(
                sql: """
                    DELETE FROM pool_timings WHERE id IN (SELECT id FROM pool_timings
                        WHERE provider = ? AND operation = ? ORDER BY id DESC LIMIT -1 OFFSET ?)
                    """,
                arguments: [timing.provider, timing.operation.rawValue, ReadinessTimes.valuesMax]
            )
        }
    }

    package func timings() throws -> [PoolTiming] {
        try database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM pool_timings ORDER BY id").map { row in
                guard let operation = PoolTiming.Operation(rawValue: row["operation"]) else {
                    throw unreadable("the operation", row["operation"])
                }
                return PoolTiming(provider: row["provider"], operation: operation, seconds: row["seconds"])
            }
        }
    }

    package func occupants(of instance: InstanceID) throws -> [String] {
        try database.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT 'segment ' || id FROM segments WHERE location = :instance
                    UNION ALL SELECT 'move ' || id FROM moves
                        WHERE is_over = 0 AND :instance IN (source, target)
                    UNION ALL SELECT kind || ' ' || name || ' of move ' || move FROM ledger
                        WHERE instance = :instance AND move <> ''
                    UNION ALL SELECT 'takeover ' || number || ' of ' || instance FROM takeovers
                        WHERE member = :instance AND state = 'intended'
                    """,
                arguments: ["instance": instance.text]
            )
        }
    }

    package func forgetContents(of instance: InstanceID) throws {
        try database.write { db in
            try db.execute(sql: "DELETE FROM ledger WHERE instance = ? AND move = ''", arguments: [instance.text])
        }
    }

    private static func member(_ row: Row) throws -> PoolMember {
        let endpoint: String? = row["endpoint"]
        let claim: String? = row["claim"]
        let since: Int64? = row["since"]
        return PoolMember(
            id: InstanceID(row["id"]),
            provider: row["provider"],
            zone: Zone(row["zone"]),
            state: try StoredPoolState(row).state(),
            endpoint: try endpoint.map { try fromJSON(Endpoint.self, $0) },
            leaseEpoch: LeaseEpoch(row["lease_epoch"]),
            claim: try claim.map { try fromJSON(PoolHolder.self, $0) },
            since: since.map { Timestamp(milliseconds: $0) }
        )
    }
}

/// A member's state as columns.
private struct StoredPoolState {
    let kind: PoolMemberState.Kind
    var holderMove: String?
    var holderName: String?
    var reason: String?
    var lease: String?
    var home: String?

    init(_ state: PoolMemberState) throws {
        kind = state.kind
        switch state {
        case .reserved(.move(let id)): holderMove = id.text
        case .reserved(.named(let name)): holderName = name
        case .quarantined(let reason): self.reason = reason
        case .granting(let lease), .leased(let lease): self.lease = try jsonText(lease)
        case .revoking(let revocation), .ending(let revocation): lease = try jsonText(revocation)
        case .seeding(let home), .standby(let home), .promoted(let home): self.home = home.text
        case .absent, .provisioning, .idleCold, .warming, .warm, .active, .draining, .wiping, .retired: break
        }
    }

    init(_ row: Row) throws {
        guard let kind = PoolMemberState.Kind(rawValue: row["state"]) else {
            throw unreadable("the state", row["state"])
        }
        self.kind = kind
        holderMove = row["holder_move"]
        holderName = row["holder_name"]
        reason = row["reason"]
        lease = row["lease"]
        home = row["home"]
    }

    func state() throws -> PoolMemberState {
        switch kind {
        case .absent: return .absent
        case .provisioning: return .provisioning
        case .idleCold: return .idleCold
        case .warming: return .warming
        case .warm: return .warm
        case .active: return .active
        case .draining: return .draining
        case .wiping: return .wiping
        case .retired: return .retired
        case .seeding: return .seeding(try storedHome())
        case .standby: return .standby(try storedHome())
        case .promoted: return .promoted(try storedHome())
        case .quarantined: return .quarantined(reason: reason ?? "")
        case .granting: return .granting(try fromJSON(Lease.self, lease ?? ""))
        case .leased: return .leased(try fromJSON(Lease.self, lease ?? ""))
        case .revoking: return .revoking(try fromJSON(Revocation.self, lease ?? ""))
        case .ending: return .ending(try fromJSON(Revocation.self, lease ?? ""))
        case .reserved:
            if let holderMove { return .reserved(.move(MoveID(holderMove))) }
            guard let holderName else { throw unreadable("a reservation for", nil) }
            return .reserved(.named(holderName))
        }
    }

    private func storedHome() throws -> InstanceID {
        guard let home else { throw unreadable("the home of a standby", nil) }
        return InstanceID(home)
    }
}
