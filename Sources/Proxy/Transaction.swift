// The client's transaction as the router sees it.
import ClusterModel
import Routing
import WireProtocol

/// none → deferred | open; deferred → none | open | refused; open → none | failed | refused; failed → none | open;
/// refused → none.
enum TransactionPhase: Equatable {
    case none
    /// BEGIN was answered by the router, and is sent with the first statement. Holds the statements to send before it.
    case deferred([String])
    /// The instance is in a transaction block.
    case open
    /// The instance is in a failed transaction block.
    case failed
    /// The router refused a statement, or lost the instance: nothing is open any more, but the client does not know.
    case refused
}

struct Transaction {
    var phase = TransactionPhase.none
    /// Entered at the gate, in order of first touch; the instance they are on is the connection's.
    var touched: [SegmentID] = []
    /// What the session's settings become when it commits; nil when it does not change them.
    var settings: SessionSettings?
    /// A SAVEPOINT is planned or made: what is set from now on, a ROLLBACK TO could undo.
    var hasSavepoint = false
    /// A BEGIN went to the instance in a phase of `none`: whether a block came of it is known at the next Sync.
    var hasBegun = false
    /// A table was defined, changed or dropped in it.
    var changesDefinitions = false
    /// A batch that ended with Flush was answered with an error: the Sync after it commits nothing.
    var hasFailed = false
    /// What the block did to itself, from BEGIN on: a further instance is told the same before its first statement.
    var prelude: [String] = []
    /// Why it must stay on its one instance.
    var confinement: String?
    /// It has branches on several instances: the router ends it by two-phase commit.
    var isDistributed = false
    /// The router's own block around one batch of the client's, over several instances.
    var isImplicit = false
    /// A branch lost its connection while the client spoke to another: nothing of it can be committed.
    var hasLostBranch = false
    /// The snapshot that the first routed statement saw.
    var firstTable: QueryRoutingTable?

    var status: TransactionStatus {
        switch phase {
        case .none: .idle
        case .deferred, .open: .inTransaction
        case .failed, .refused: .failed
        }
    }
}
