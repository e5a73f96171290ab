// The query phase of one client session, without sockets: it turns batches into plans or answers, and follows the
// transaction, the prepared statements, the portals and the settings. The driver (ClientConnection) finds a connection
// for a plan and tells how it ended.
import ClusterModel
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

struct QuerySession {
    struct Portal {
        let statement: PreparedStatement
        /// The router executes it itself.
        let isLocal: Bool
    }

    /// By the client's names. Most clients only ever use the unnamed one.
    struct Portals {
        private var unnamed: Portal?
        private var named: [String: Portal] = [:]

        subscript(name: String) -> Portal? {
            get { name.isEmpty ? unnamed : named[name] }
            set { if name.isEmpty { unnamed = newValue } else { named[name] = newValue } }
        }

        mutating func removeAll() {
            unnamed = nil
            if !named.isEmpty { named.removeAll() }
        }
    }

    /// What planning reads besides the session itself.
    struct Surroundings {
        var analyzer: StatementAnalyzer
        var names: StatementNames
    }

    let limits: ProxyConfiguration.Limits
    var transaction = Transaction()
    var settings: SessionSettings
    let startupSettings: SessionSettings
    var statements: SessionStatements
    var portals = Portals()
    /// A batch that executed something ended with Flush: the connection is the session's until a Sync.
    var isHeldForSync = false

    init(limits: ProxyConfiguration.Limits, settings: SessionSettings) {
        self.limits = limits
        self.settings = settings
        startupSettings = settings
        statements = SessionStatements(
            countMax: limits.statementsPerSessionMax, bytesMax: limits.statementBytesPerSessionMax)
    }

    /// The batch as a plan. A failure is the batch's answer; see `refused`.
    mutating func batchReceived(_ batch: ClientBatch, _ around: inout Surroundings) throws(BatchFailure) -> BatchPlan {
        switch batch.end {
        case .query: try planQuery(batch.frames[0], &around)
        case .sync, .flush: try planExtended(batch, &around)
        }
    }

    /// The batch was answered with an error by the router. True when the instance's transaction must be rolled back.
    mutating func refused() -> Bool {
        switch transaction.phase {
        case .none: return false
        case .deferred, .refused:
            transaction.phase = .refused
            return false
        case .open, .failed:
            transaction.phase = .refused
            return true
        }
    }

    /// The instance is lost with whatever was open there.
    mutating func instanceLost() {
        isHeldForSync = false
        if transaction.phase != .none { transaction.phase = .refused }
    }

    /// The instance answered the batch, and its transaction is in this status.
    mutating func answered(_ plan: BatchPlan, status: TransactionStatus, hadError: Bool, committed: Bool) {
        isHeldForSync = false
        if !hadError && !plan.effects.isEmpty { transaction.effects += plan.effects }
        switch status {
        case .inTransaction: transaction.phase = .open
        case .failed: transaction.phase = .failed
        case .idle:
            // An implicit transaction commits when nothing failed; a block says how it ended.
            let isKept = transaction.phase == .none ? !hadError : committed
            if isKept { keepEffects() }
            transactionEnded()
        }
    }

    mutating func transactionEnded() {
        transaction.phase = .none
        transaction.effects.removeAll()
        transaction.firstTable = nil
        portals.removeAll()
    }

    private mutating func keepEffects() {
        for effect in transaction.effects {
            switch effect {
            case .append(let statement): settings.append(statement)
            case .resetAll: settings = startupSettings
            }
        }
    }
}
