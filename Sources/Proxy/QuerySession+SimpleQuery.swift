// Planning a simple Query. Several statements in one Query are one implicit transaction: they go to one instance as
// they are, or not at all.
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

extension QuerySession {
    mutating func planQuery(_ frame: Frame, _ around: inout Surroundings) throws(BatchFailure) -> BatchPlan {
        guard case .query(let sql) = try FrontendMessage.read(frame) else {
            throw BatchFailure(.protocolViolation, "malformed Query message")
        }
        statements.unnamed = nil
        let query = try Self.analyze(sql, &around.analyzer)
        for statement in query.statements { try checkNotRefused(statement) }
        var plan = BatchPlan()
        plan.isSimple = true
        plan.bytes = frame.bytes.readableBytes
        if query.statements.count == 1, isLocal(query.statements[0], afterSending: false) {
            plan.steps = [.answer(try executeLocally(query.statements[0], sql: sql, in: &plan))]
            plan.end = .readyFromRouter
            if isHeldForSync { endImplicitTransaction(&plan) }
            return plan
        }
        for statement in query.statements { try add(statement, of: query, sql, to: &plan) }
        plan.steps = [.send(frame.bytes, .query(isVisible: true))]
        plan.executes = true
        plan.needsInstance = true
        return plan
    }

    /// A Query ends what was held for a Sync: the instance must say how, though the router answers the Query itself.
    private func endImplicitTransaction(_ plan: inout BatchPlan) {
        plan.isSimple = false
        plan.needsInstance = true
        plan.end = .ready
    }

    private mutating func add(
        _ statement: AnalyzedStatement, of query: AnalyzedQuery, _ sql: String, to plan: inout BatchPlan
    ) throws(BatchFailure) {
        switch statement.kind {
        case .deallocate, .discard:
            throw BatchFailure(
                .featureNotSupported, "DEALLOCATE and DISCARD must be the only statement of a query",
                hint: "Send them one by one.")
        case .select, .insert, .update, .delete, .explain, .copy, .begin, .commit, .rollback, .savepoint, .set, .reset,
            .show, .utility, .empty:
            break
        }
        guard query.statements.count == 1 || !Self.setsOne(statement.kind) else {
            throw BatchFailure(
                .featureNotSupported, "SET and RESET of one setting must be the only statement of a query",
                hint: "Send them one by one.")
        }
        try note(statement, sql: sql, in: &plan)
        try addRoute(statement, [], to: &plan)
    }

    private static func setsOne(_ kind: StatementKind) -> Bool {
        if case .set(_, isLocal: false) = kind { return true }
        if case .reset(name: _?) = kind { return true }
        return false
    }

    /// Notes an executed statement's route; a refusal fails the batch, except where the server rejects it anyway.
    func addRoute(
        _ statement: AnalyzedStatement, _ parameters: [ParameterValue], to plan: inout BatchPlan
    ) throws(BatchFailure) {
        plan.statementCount += 1
        switch statement.target {
        case .anywhere: return
        case .keyed, .scattered: plan.addRoute(statement, parameters)
        case .unsharded:
            if case .utility = statement.kind { plan.changesDefinitions = true }
            plan.addRoute(statement, parameters)
        case .refused(let refusal): throw BatchFailure(refusal)
        }
    }

    /// After a refusal the client's block is failed: only its end is accepted.
    func checkNotRefused(_ statement: AnalyzedStatement) throws(BatchFailure) {
        guard transaction.phase == .refused else { return }
        switch statement.kind {
        case .commit, .rollback: return
        case .select, .insert, .update, .delete, .explain, .copy, .begin, .savepoint, .set, .reset, .show,
            .deallocate, .discard, .utility, .empty:
            throw .inFailedTransaction
        }
    }

    static func analyze(_ sql: String, _ analyzer: inout StatementAnalyzer) throws(BatchFailure) -> AnalyzedQuery {
        do {
            return try analyzer.analyze(sql)
        } catch {
            throw BatchFailure(error)
        }
    }
}

extension BatchFailure {
    init(_ error: SQLSyntaxError) {
        message = ServerMessage(
            sqlState: SQLState(error.sqlState), message: error.message, position: error.cursorPosition)
    }
}
