import ClusterModel
import Foundation
import GRDB
import Glibc

// The cluster's durable truth in one SQLite file. One process serves it at a time, over one connection, so every call is
// one serialised transaction; with write-ahead logging and synchronous=FULL it is on the disk when the call returns.

/// The open catalog.
package final class CatalogStore: Sendable {
    /// Counts the processes that ever served this catalog; this one's decisions are made in this term.
    package let term: Int64
    let database: DatabaseQueue
    let now: @Sendable () -> Timestamp
    private let lock: CatalogLock

    /// Opens the catalog for serving, makes it when it is not there, and begins a new term.
    /// - Parameter now: cluster time, for audit records.
    package init(
        path: String,
        now: @escaping @Sendable () -> Timestamp = CatalogStore.wallClock
    ) throws(CatalogError) {
        lock = try CatalogLock(catalog: path)
        self.now = now
        do {
            Self.createPrivately(path)
            database = try Self.open(path)
            term = try database.write { db in
                try db.execute(sql: "UPDATE cluster SET term = term + 1")
                return try Int64.fetchOne(db, sql: "SELECT term FROM cluster") ?? 0
            }
        } catch let error as DatabaseError {
            throw Self.explained(error, path)
        } catch let error as CatalogError {
            throw error
        } catch {
            throw CatalogError(.unusable, "the catalog \(path) cannot be used: \(error)")
        }
    }

    /// The machine's clock.
    package static let wallClock: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    /// Instances' passwords are in it; SQLite gives its other files the same mode.
    private static func createPrivately(_ path: String) {
        let descriptor = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = true
        let database = try DatabaseQueue(path: path, configuration: configuration)
        // GRDB lowers it when it turns write-ahead logging on.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try database.read { try check($0, path) }
        try CatalogSchema.migrator.migrate(database)
        return database
    }

    private static func check(_ db: Database, _ path: String) throws {
        let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let isNew = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
        guard isNew || application == CatalogSchema.applicationID else {
            throw CatalogError(.damaged, "\(path) is an SQLite database, but not a catalog. Give another path.")
        }
        guard try !CatalogSchema.migrator.hasBeenSuperseded(db) else {
            throw CatalogError(
                .fromTheFuture,
                "\(path) was written by a newer Foreshard. Install that one, or a newer."
            )
        }
        guard try String.fetchOne(db, sql: "PRAGMA quick_check(1)") == "ok" else { throw damaged(path) }
    }

    private static func explained(_ error: DatabaseError, _ path: String) -> CatalogError {
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT: damaged(path)
        default: CatalogError(.unusable, "the catalog \(path) cannot be used: \(error.message ?? "\(error)")")
        }
    }

    private static func damaged(_ path: String) -> CatalogError {
        CatalogError(
            .damaged,
            "\(path) is damaged, or not a catalog. Keep a copy of it, then restore it from a backup made after the last "
                + "move. A new or older catalog does not know where moved segments are: bring their rows home first."
        )
    }
}

/// Stored text that does not mean anything: somebody else wrote it.
func unreadable(_ what: String, _ text: String?) -> CatalogError {
    CatalogError(.damaged, "the catalog holds \(what) '\(text ?? "NULL")', which means nothing to this version.")
}

func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

func fromJSON<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch { throw unreadable("\(type)", text) }
}
