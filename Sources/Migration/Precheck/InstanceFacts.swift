// What a precheck knows of one instance: plain values, read by PrecheckSQL and judged by Fitness.
import ClusterModel

package struct ServerFacts: Hashable, Sendable {
    /// Equal only when two connections reach the same database of the same running server.
    package var identity: String
    /// As `server_version_num`: 150013.
    package var version: Int
    package var encoding: String
    package var isSuperuser: Bool
    package var isInRecovery: Bool
    package var walLevel: String
    package var slotsMax: Int
    package var slotsUsed: Int
    package var sendersMax: Int
    package var sendersUsed: Int
    package var applyWorkersMax: Int
    package var applyWorkersUsed: Int
    package var retryIntervalMilliseconds: Int
    /// The database's LC_COLLATE, LC_CTYPE, their provider and its locale: what text is ordered by.
    package var collation: String
    /// Names of our leftovers that this move's objects would collide with.
    package var leftovers: [String] = []
}

package struct UniqueIndex: Hashable, Sendable {
    package var name: String
    package var columns: [String]
    package var isPrimary: Bool
    /// Chosen by `REPLICA IDENTITY USING INDEX`.
    package var isIdentity: Bool
    /// Whole, valid, immediate and over NOT NULL columns only: could be a replica identity.
    package var isEligible: Bool
}

package struct ForeignKey: Hashable, Sendable {
    package var name: String
    package var from: TableName
    package var to: TableName
}

package struct TableFacts: Hashable, Sendable {
    package var table: TableName
    /// `pg_class.relkind`: `r` is an ordinary table.
    package var kind: String
    /// `pg_class.relpersistence`: `p` is permanent.
    package var persistence: String
    package var takesPartInInheritance: Bool
    /// `pg_class.relreplident`: `d`efault, `i`ndex, `f`ull, `n`othing.
    package var replicaIdentity: String
    package var keyColumn: KeyColumn?
    package var uniqueIndexes: [UniqueIndex] = []
    /// Foreign keys from and to the table.
    package var foreignKeys: [ForeignKey] = []
    /// User triggers that fire in the applier, `ENABLE ALWAYS` or `ENABLE REPLICA`.
    package var applierTriggers: [String] = []
    package var publications: [String] = []
    /// Columns, constraints, indexes and triggers as text: equal on both sides, or the move is refused.
    package var schema: [String] = []
    package var hasSegmentRows = false

    package struct KeyColumn: Hashable, Sendable {
        package var type: String
        package var isDeterministic: Bool
        package var isGenerated: Bool

        package init(type: String, isDeterministic: Bool, isGenerated: Bool) {
            self.type = type
            self.isDeterministic = isDeterministic
            self.isGenerated = isGenerated
        }
    }
}

package struct InstanceFacts: Hashable, Sendable {
    package var instance: InstanceID
    package var server: ServerFacts
    /// The group's tables that exist.
    package var tables: [TableFacts]
}
