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
    /// Settings that become the session's when the transaction commits.
    var effects: [SettingsEffect] = []
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
