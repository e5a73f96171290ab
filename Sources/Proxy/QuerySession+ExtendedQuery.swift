// Planning extended messages up to Sync or Flush. All of them are one implicit transaction, so a refusal anywhere in
// the batch refuses all of it before anything is sent.
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

extension QuerySession {
    mutating func planExtended(_ batch: ClientBatch, _ around: inout Surroundings) throws(BatchFailure) -> BatchPlan {
        var plan = BatchPlan()
        plan.bytes = batch.bytes
        for frame in batch.frames {
            guard let kind = FrontendMessage.Kind(rawValue: frame.type) else { throw .malformed }
            switch kind {
            case .parse: try planParse(frame, &plan, &around)
            case .bind: try planBind(frame, &plan)
            case .describe: try planDescribe(frame, &plan)
            case .execute: try planExecute(frame, &plan)
            case .close: try planClose(frame, &plan)
            case .sync, .flush, .query, .terminate, .copyData, .copyDone, .copyFail, .authentication, .functionCall:
                throw .malformed
            }
        }
        end(&plan, batch.end)
        return plan
    }

    private func end(_ plan: inout BatchPlan, _ end: ClientBatch.End) {
        if isHeldForSync && end == .sync { plan.needsInstance = true }
        let isHeld = isHeldForSync || transaction.phase == .open || transaction.phase == .failed
        let ownsInstance = plan.needsInstance && (plan.executes || isHeld)
        switch end {
        case .query: preconditionFailure("an extended batch ends with Sync or Flush")
        case .sync where ownsInstance: plan.end = .ready
        case .sync: plan.end = .readyFromRouter
        case .flush where ownsInstance || !plan.needsInstance: plan.end = .flush
        case .flush: plan.end = .flushWithSync
        }
    }

    private mutating func planParse(
        _ frame: Frame, _ plan: inout BatchPlan, _ around: inout Surroundings
    ) throws(BatchFailure) {
        if let last = statements.unnamed, last.parseFrame == frame.bytes, transaction.phase != .refused {
            add(last, named: "", to: &plan)
            return
        }
        guard case .parse(let parse) = try FrontendMessage.read(frame) else { throw .malformed }
        let name = parse.statement
        guard name.isEmpty || statements[name] == nil else {
            throw BatchFailure(.duplicatePreparedStatement, "prepared statement \"\(name)\" already exists")
        }
        let statement = try prepare(parse, &around)
        guard statements.define(name, statement) else {
            throw BatchFailure(
                .outOfMemory, "the session has too many prepared statements",
                hint: "Close some, or raise statementsPerSessionMax or statementBytesPerSessionMax.")
        }
        add(statement, named: name, to: &plan)
    }

    private func add(_ statement: PreparedStatement, named name: String, to plan: inout BatchPlan) {
        if Self.isControl(statement.analysis) {
            plan.steps.append(.answer(RouterAnswers.parseComplete))
        } else {
            plan.steps.append(.parse(statement, clientName: name))
            plan.needsInstance = true
        }
    }

    private mutating func prepare(
        _ parse: FrontendMessage.Parse, _ around: inout Surroundings
    ) throws(BatchFailure) -> PreparedStatement {
        let query = try Self.analyze(parse.sql, &around.analyzer)
        for statement in query.statements { try checkNotRefused(statement) }
        guard query.statements.count == 1, let analysis = query.statements.first else {
            throw BatchFailure(.syntaxError, "cannot insert multiple commands into a prepared statement")
        }
        if case .refused(let refusal) = analysis.target { throw BatchFailure(refusal) }
        guard !parse.statement.isEmpty else {
            return PreparedStatement(
                globalName: "", sql: parse.sql, parameterTypes: parse.parameterTypes, analysis: analysis)
        }
        return around.names.statement(sql: parse.sql, parameterTypes: parse.parameterTypes, analysis: analysis)
    }

    /// Statements that the router may have to execute itself are not prepared until they must be.
    private static func isControl(_ statement: AnalyzedStatement) -> Bool {
        switch statement.kind {
        case .begin, .commit, .rollback, .savepoint, .set, .deallocate, .discard, .empty: true
        case .select, .insert, .update, .delete, .explain, .copy, .reset, .show, .utility: false
        }
    }

    private mutating func planBind(_ frame: Frame, _ plan: inout BatchPlan) throws(BatchFailure) {
        guard let bind = BindMessage(frame) else { throw .malformed }
        let statement = try find(bind.statement)
        try checkNotRefused(statement.analysis)
        let isLocal = isLocal(statement.analysis, afterSending: plan.executes)
        portals[bind.portal] = Portal(statement: statement, isLocal: isLocal)
        if !bind.portal.isEmpty && !isLocal {
            plan.confinement = "it has named portals"
            transaction.confinement = plan.confinement
        }
        guard !isLocal else {
            plan.steps.append(.answer(RouterAnswers.bindComplete))
            return
        }
        let parameters = try bind.parameters(of: statement)
        try addRoute(statement.analysis, parameters, to: &plan)
        plan.steps.append(.ensure(statement))
        plan.steps.append(.send(bind.renamed(statement.globalName), .bind))
        plan.executes = true
        plan.needsInstance = true
    }

    private func find(_ name: String) throws(BatchFailure) -> PreparedStatement {
        if let statement = statements[name] { return statement }
        throw BatchFailure(
            .invalidStatementName,
            name.isEmpty ? "unnamed prepared statement does not exist" : "prepared statement \"\(name)\" does not exist"
        )
    }

    private mutating func planDescribe(_ frame: Frame, _ plan: inout BatchPlan) throws(BatchFailure) {
        guard case .describe(let object, let name) = try FrontendMessage.read(frame) else { throw .malformed }
        switch object {
        case .statement: try describeStatement(named: name, &plan)
        case .portal where portals[name]?.isLocal == true: plan.steps.append(.answer(RouterAnswers.noData))
        case .portal: send(frame, .describePortal, &plan)
        }
    }

    private func describeStatement(named name: String, _ plan: inout BatchPlan) throws(BatchFailure) {
        let statement = try find(name)
        guard !Self.isControl(statement.analysis) else {
            plan.steps.append(.answer(RouterAnswers.noParameters))
            plan.steps.append(.answer(RouterAnswers.noData))
            return
        }
        var message = ByteBuffer()
        FrontendMessage.describe(.statement, name: statement.globalName).write(into: &message)
        plan.steps.append(.ensure(statement))
        plan.steps.append(.send(message, .describeStatement))
        plan.needsInstance = true
    }

    private mutating func planExecute(_ frame: Frame, _ plan: inout BatchPlan) throws(BatchFailure) {
        guard case .execute(let name, _) = try FrontendMessage.read(frame) else { throw .malformed }
        let portal = portals[name]
        if let portal, portal.isLocal {
            try executeLocally(portal, &plan)
            return
        }
        guard transaction.phase != .refused else { throw .inFailedTransaction }
        if !plan.executes { plan.confinement = "it goes on with a portal of an earlier batch" }
        if let statement = portal?.statement { try note(statement.analysis, sql: statement.sql, in: &plan) }
        send(frame, .execute, &plan)
        plan.executes = true
    }

    private mutating func executeLocally(_ portal: Portal, _ plan: inout BatchPlan) throws(BatchFailure) {
        let statement = portal.statement
        guard isLocal(statement.analysis, afterSending: plan.executes) else {
            throw BatchFailure(
                .featureNotSupported, "the statement was bound before the transaction reached its instance",
                hint: "Bind it again, right before it is executed.")
        }
        let answer = try executeLocally(statement.analysis, sql: statement.sql, in: &plan)
        plan.steps.append(.answer(answer))
    }

    private mutating func planClose(_ frame: Frame, _ plan: inout BatchPlan) throws(BatchFailure) {
        guard case .close(let object, let name) = try FrontendMessage.read(frame) else { throw .malformed }
        switch object {
        case .statement:
            statements.remove(name)
            plan.steps.append(.answer(RouterAnswers.closeComplete))
        case .portal:
            let portal = portals[name]
            portals[name] = nil
            if portal == nil || portal?.isLocal == true {
                plan.steps.append(.answer(RouterAnswers.closeComplete))
            } else {
                send(frame, .close(isVisible: true), &plan)
            }
        }
    }

    private func send(_ frame: Frame, _ answer: ExpectedAnswer, _ plan: inout BatchPlan) {
        plan.steps.append(.send(frame.bytes, answer))
        plan.needsInstance = true
    }
}

extension FrontendMessage {
    /// What is not UTF-8 is told as PostgreSQL tells it; it keeps the session.
    static func read(_ frame: Frame) throws(BatchFailure) -> FrontendMessage {
        do throws(WireError) {
            return try FrontendMessage(frame)
        } catch {
            guard error.code == .encodingInvalid else { throw .malformed }
            throw BatchFailure(.characterNotInRepertoire, error.message)
        }
    }
}

extension BatchFailure {
    static let malformed = BatchFailure(.protocolViolation, "malformed message")
    static let inFailedTransaction = BatchFailure(
        .inFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}
