// What lending brought and idling cost. Leases that are over are kept one by one, idle time as one sum for each member.
import ClusterModel
import ContingentPool
import GRDB

extension CatalogStore {
    static func enter(_ entry: PoolEntry, _ db: Database) throws {
        switch entry {
        case .lease(let record):
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO pool_leases
                        (member, epoch, holder, purpose, price, granted, revoked, ended, reason, is_revocation, income)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    record.member.text, record.lease.epoch.number, record.lease.terms.holder,
                    record.lease.terms.purpose, record.lease.terms.pricePerHour,
                    record.lease.grantedAt.milliseconds, record.revokedAt.milliseconds, record.endedAt.milliseconds,
                    record.reason.kind, record.reason.isRevocation, record.income,
                ]
            )
        case .idle(let record):
            try db.execute(
                sql: """
                    INSERT INTO pool_idle (member, seconds, cost) VALUES (?, ?, ?)
                        ON CONFLICT (member) DO UPDATE SET seconds = seconds + excluded.seconds, cost = cost + excluded.cost
                    """,
                arguments: [record.member.text, record.length.inSeconds, record.cost]
            )
        }
    }

    package func account() throws -> PoolAccount {
        try database.read { db in
            var account = PoolAccount()
            if let sums = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*) AS ended, total(is_revocation) AS revocations, total(income) AS income,
                        total(ended - granted) AS milliseconds FROM pool_leases
                    """)
            {
                account.leasesEnded = sums["ended"]
                account.revocations = Int(sums["revocations"] as Double)
                account.income = sums["income"]
                account.lesseeSeconds = (sums["milliseconds"] as Double) / 1000
            }
            if let idle = try Row.fetchOne(
                db, sql: "SELECT total(seconds) AS seconds, total(cost) AS cost FROM pool_idle")
            {
                account.idleSeconds = idle["seconds"]
                account.idleCost = idle["cost"]
            }
            let latencies = try Double.fetchAll(
                db,
                sql:
                    "SELECT (ended - revoked) / 1000.0 FROM pool_leases WHERE is_revocation ORDER BY ended DESC LIMIT ?",
                arguments: [PoolAccount.latenciesMax])
            account.revocationLatencies = latencies.sorted()
            return account
        }
    }
}
