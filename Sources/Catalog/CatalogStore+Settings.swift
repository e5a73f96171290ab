import ClusterModel
import Foundation
import GRDB

extension CatalogStore {
    /// Nil when it was never set, or was taken away.
    package func setting(_ name: String) throws -> String? {
        try database.read {
            try String.fetchOne($0, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
        }
    }

    package func set(_ name: String, to value: String?) throws {
        try database.write { db in
            guard let value else {
                try db.execute(sql: "DELETE FROM settings WHERE name = ?", arguments: [name])
                return
            }
            try db.execute(
                sql: "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
                arguments: [name, value]
            )
        }
    }

    /// What the controller wants to know after a restart, in its own form; nil before it first said so.
    package func controllerMemory() throws -> Data? {
        try database.read { try Data.fetchOne($0, sql: "SELECT controller_memory FROM cluster") }
    }

    package func saveControllerMemory(_ memory: Data) throws {
        try database.write { try $0.execute(sql: "UPDATE cluster SET controller_memory = ?", arguments: [memory]) }
    }
}

extension CatalogStore {
    private static let lastMoveSetting = "last_move"

    /// A move id that no move of this catalog ever had: `m1`, `m2`, ...
    package func nextMoveID() throws -> MoveID {
        try database.write { db in
            let last = try String.fetchOne(
                db, sql: "SELECT value FROM settings WHERE name = ?", arguments: [Self.lastMoveSetting])
            let next = (last.flatMap { Int($0) } ?? 0) + 1
            try db.execute(
                sql: "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
                arguments: [Self.lastMoveSetting, "\(next)"])
            return MoveID("m\(next)")
        }
    }
}
