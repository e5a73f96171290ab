// Takeovers of instances by their standbys. The intention is on the disk before anything is promoted, so that a process
// that dies on the way leaves a successor who knows.
import ClusterModel
import ContingentPool
import GRDB
import Takeover

extension CatalogStore {
    /// Writes an intention, with its audit entry; its number is the next one of the instance.
    ///
    /// - Throws: `CatalogError.conflict` while an earlier one of the instance is not done.
    package func intend(_ record: TakeoverRecord) throws -> TakeoverRecord {
        try database.write { db in
            let last = try Self.takeovers(db, of: record.instance).last
            guard last?.state != .intended else {
                throw CatalogError(
                    .conflict, "takeover \(last?.number ?? 0) of \(record.instance) is not done yet.")
            }
            var record = record
            record.number = (last?.number ?? 0) + 1
            record.state = .intended
            try Self.insert(record, db)
            try Self.append(
                AuditEntry(
                    kind: "takeover", instance: record.instance,
                    sentence: "\(record.instance) is to be taken over by its standby \(record.new): \(record.reason)"),
                at: now(), db)
            return record
        }
    }

    /// Writes the outcome of an intention, with its audit entry, and what became of the pool's members by it: all or
    /// nothing.
    package func conclude(_ record: TakeoverRecord, sentence: String, members: [PoolMember] = []) throws {
        try database.write { db in
            try db.execute(
                sql: "DELETE FROM takeovers WHERE instance = ? AND number = ? AND state = ?",
                arguments: [record.instance.text, record.number, TakeoverState.intended.rawValue])
            guard db.changesCount == 1 else {
                throw CatalogError(.conflict, "takeover \(record.number) of \(record.instance) is not under way.")
            }
            try Self.insert(record, db)
            for member in members { try save(member, sentence: nil, entries: [], db) }
            try Self.append(
                AuditEntry(kind: "takeover", instance: record.instance, sentence: sentence), at: now(), db)
        }
    }

    /// The takeovers, in their order for each instance.
    package func takeovers() throws -> [TakeoverRecord] { try database.read { try Self.takeovers($0, of: nil) } }

    private static func takeovers(_ db: Database, of instance: InstanceID?) throws -> [TakeoverRecord] {
        guard let instance else {
            return try Row.fetchAll(db, sql: "SELECT * FROM takeovers ORDER BY instance, number").map(takeover)
        }
        return try Row.fetchAll(
            db, sql: "SELECT * FROM takeovers WHERE instance = ? ORDER BY number", arguments: [instance.text]
        ).map(takeover)
    }

    private static func insert(_ record: TakeoverRecord, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO takeovers (instance, number, state, old_host, old_port, new_host, new_port, zone, detected,
                    completed, primary_position, unseen_ms, standby_position, loss_bytes, was_synchronous, timeline, reason,
                    member)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                record.instance.text, record.number, record.state.rawValue, record.old.host, record.old.port,
                record.new.host, record.new.port, record.zone.text, record.detectedAt.milliseconds,
                record.completedAt?.milliseconds, record.primaryPosition?.description, record.unseenMilliseconds,
                record.standbyPosition?.description, record.lossBytes, record.wasSynchronous, record.timeline,
                record.reason, record.member?.text,
            ])
    }

    private static func takeover(_ row: Row) throws -> TakeoverRecord {
        guard let state = TakeoverState(rawValue: row["state"]) else {
            throw unreadable("the takeover's state", row["state"])
        }
        let completed: Int64? = row["completed"]
        let member: String? = row["member"]
        return TakeoverRecord(
            number: row["number"], instance: InstanceID(row["instance"]), state: state,
            old: ServerAddress(host: row["old_host"], port: row["old_port"]),
            new: ServerAddress(host: row["new_host"], port: row["new_port"]), zone: Zone(row["zone"]),
            detectedAt: Timestamp(milliseconds: row["detected"]),
            completedAt: completed.map { Timestamp(milliseconds: $0) },
            primaryPosition: try position(row["primary_position"]), unseenMilliseconds: row["unseen_ms"],
            standbyPosition: try position(row["standby_position"]), lossBytes: row["loss_bytes"],
            wasSynchronous: row["was_synchronous"], timeline: row["timeline"], reason: row["reason"],
            member: member.map { InstanceID($0) })
    }

    private static func position(_ text: String?) throws -> LSN? {
        guard let text else { return nil }
        guard let position = LSN(text) else { throw unreadable("a log position", text) }
        return position
    }
}
