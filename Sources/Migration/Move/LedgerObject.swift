// The ledger: an object is written down before it is made and struck out after it is dropped, so that whatever a dead
// coordinator left on an instance is in the list. A ledger row suffices to drop its object; nothing else is asked.
import ClusterModel

/// Something Foreshard made, or is about to make, on an instance.
package struct LedgerObject: Hashable, Sendable, Codable {
    /// Kinds in the order in which they are dropped.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case subscription, slot, publication
        /// Copied (on the target) or left behind (on the source) rows of one table: `extra` is the segment's predicate.
        case rows
        /// The guard's triggers on one table: `extra` is the table.
        case guardTriggers
        case register
        /// The tokens of one stream.
        case tokens
        /// The schema `foreshard`; belongs to no move and stays until `uninstall`.
        case furniture
    }

    /// Nil for what the moves of an instance share.
    package let move: MoveID?
    package let instance: InstanceID
    package let kind: Kind
    /// The object's name, unquoted; for `rows` the table as SQL.
    package let name: String
    /// SQL that dropping it needs besides the name; empty for most kinds.
    package let extra: String

    package init(move: MoveID?, instance: InstanceID, kind: Kind, name: String, extra: String = "") {
        self.move = move
        self.instance = instance
        self.kind = kind
        self.name = name
        self.extra = extra
    }
}
