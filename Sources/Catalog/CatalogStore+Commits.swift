// Decisions to commit transactions that are prepared on several instances. Presumed abort: only commits are here.
import ClusterModel
import Foundation
import GRDB

/// A transaction over several instances that is to be committed on all of them.
package struct CommitDecision: Hashable, Sendable {
    /// Of the process that decided.
    package let term: Int64
    package let number: Int64
    /// In the order of the branches' numbers.
    package let instances: [InstanceID]

    package init(term: Int64, number: Int64, instances: [InstanceID]) {
        self.term = term
        self.number = number
        self.instances = instances
    }
}

extension CatalogStore {
    private static let clusterSetting = "cluster"

    /// What this catalog's cluster is called on servers that others use too: 16 hexadecimal digits, made once.
    package func clusterName() throws -> String {
        try database.write { db in
            if let name = try String.fetchOne(
                db, sql: "SELECT value FROM settings WHERE name = ?", arguments: [Self.clusterSetting])
            {
                return name
            }
            let bits = String(UInt64.random(in: .min ... .max), radix: 16)
            let name = String(repeating: "0", count: 16 - bits.count) + bits
            try db.execute(
                sql: "INSERT INTO settings (name, value) VALUES (?, ?)", arguments: [Self.clusterSetting, name])
            return name
        }
    }

    /// All or none; durable when it returns.
    package func decide(_ decisions: [CommitDecision]) throws {
        try database.write { db in
            for decision in decisions {
                try db.execute(
                    sql: "INSERT INTO commits (term, number, instances) VALUES (?, ?, ?)",
                    arguments: [
                        decision.term, decision.number, try jsonText(decision.instances.map(\.text)),
                    ])
            }
        }
    }

    package func decisions() throws -> [CommitDecision] {
        try database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM commits ORDER BY term, number").map { row in
                CommitDecision(
                    term: row["term"], number: row["number"],
                    instances: try fromJSON([String].self, row["instances"]).map { InstanceID($0) })
            }
        }
    }

    /// No instance has a branch of them any more.
    package func forget(_ decisions: [CommitDecision]) throws {
        try database.write { db in
            for decision in decisions {
                try db.execute(
                    sql: "DELETE FROM commits WHERE term = ? AND number = ?",
                    arguments: [decision.term, decision.number])
            }
        }
    }
}
