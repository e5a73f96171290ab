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
        private var named: [ClientName: Portal] = [:]

        subscript(name: String) -> Portal? {
            get { name.isEmpty ? unnamed : named[ClientName(name)] }
            set { if name.isEmpty { unnamed = newValue } else { named[ClientName(name)] = newValue } }
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
    /// And it executed something, so the Sync must go where that was done.
    private(set) var hasExecutedBeforeSync = false

    init(limits: ProxyConfiguration.Limits, settings: SessionSettings) {
        self.limits = limits
        self.settings = settings
        startupSettings = settings
        statements = SessionStatements(
            countMax: limits.statementsPerSessionMax, bytesMax: limits.statementBytesPerSessionMax)
    }

    /// The batch as a plan. A failure is the batch's answer; see `refused`.
    mutating func batchReceived(_ batch: ClientBatch, _ around: inout Surroundings) throws(BatchFailure) -> BatchPlan {
        statements.keepChanges()
        switch batch.end {
        case .query: return try planQuery(batch.frames[0], &around)
        case .sync, .flush: return try planExtended(batch, &around)
        }
    }

    /// The batch was answered with an error by the router. True when the instance's transaction must be rolled back.
    mutating func refused() -> Bool {
        let wasHeld = isHeldForSync
        endHold()
        switch transaction.phase {
        case .none:
            transactionEnded()
            return wasHeld
        case _ where transaction.isImplicit:
            transactionEnded()
            return true
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
        endHold()
        if transaction.phase == .none || transaction.isImplicit {
            transactionEnded()
        } else {
            transaction.phase = .refused
        }
    }

    /// A batch that ended with Flush was answered: what it did stands or falls with the next Sync.
    mutating func flushed(_ plan: BatchPlan, hadError: Bool) {
        isHeldForSync = true
        hasExecutedBeforeSync = hasExecutedBeforeSync || plan.executes
        noteControls(of: plan, hadError: hadError)
        if hadError {
            transaction.hasFailed = true
        } else if let next = plan.settings {
            transaction.settings = next
        }
    }

    /// The instance answered the batch, and its transaction is in this status. True when the batch set something, and
    /// the connection is known to carry the session's settings now.
    @discardableResult
    mutating func answered(_ plan: BatchPlan, status: TransactionStatus, hadError: Bool, committed: Bool) -> Bool {
        let hadError = hadError || transaction.hasFailed
        let isBlock = transaction.phase != .none || transaction.hasBegun
        endHold()
        transaction.hasFailed = false
        noteControls(of: plan, hadError: hadError)
        transaction.hasBegun = false
        if !hadError, let next = plan.settings { transaction.settings = next }
        switch status {
        case .inTransaction: transaction.phase = .open
        case .failed: transaction.phase = .failed
        case .idle:
            // An implicit transaction commits when nothing failed; a block says how it ended.
            let isKept = isBlock ? committed : !hadError
            if isKept, let next = transaction.settings { settings = next }
            transactionEnded()
        }
        return plan.settings != nil && !plan.resetsSettings && !isBlock && !hadError && status == .idle
    }

    private mutating func endHold() {
        isHeldForSync = false
        hasExecutedBeforeSync = false
    }

    mutating func transactionEnded() {
        transaction.phase = .none
        transaction.settings = nil
        transaction.hasSavepoint = false
        transaction.hasBegun = false
        transaction.hasFailed = false
        transaction.changesDefinitions = false
        transaction.firstTable = nil
        transaction.prelude = []
        transaction.confinement = nil
        transaction.isDistributed = false
        transaction.isImplicit = false
        transaction.hasLostBranch = false
        portals.removeAll()
    }
}
