// Whether a transaction may go on at a further instance, and what that instance must be told first.
import SQLAnalysis
import WireProtocol

/// What a batch may span.
enum Span: Equatable {
    /// Transactions over several instances are not configured.
    case oneInstance
    /// They are, but this transaction or batch has something that ties it to one; a sentence for the user.
    case confined(String)
    case severalInstances
}

extension QuerySession {
    /// - Parameter isAllowed: two-phase commit is configured.
    func span(_ plan: BatchPlan, isAllowed: Bool) -> Span {
        guard isAllowed else { return .oneInstance }
        if let confinement = plan.confinement ?? transaction.confinement { return .confined(confinement) }
        if isHeldForSync && hasExecutedBeforeSync { return .confined("it continues a batch that ended with Flush") }
        return .severalInstances
    }

    /// Notes what a further instance could not be told, or would have to be.
    mutating func noteSpan(_ statement: AnalyzedStatement, _ sql: String, in plan: inout BatchPlan) throws(BatchFailure)
    {
        switch statement.kind {
        case .select, .insert, .update, .delete, .explain, .show, .deallocate, .discard, .empty: break
        case .savepoint, .set, .reset:
            plan.controls.append(sql)
            plan.confinement = "SAVEPOINT, SET and RESET stand in one batch with other statements"
        case .begin: plan.confinement = "BEGIN stands in one batch with other statements"
        case .commit, .rollback:
            guard !transaction.isDistributed else { throw .endNotAlone }
            plan.confinement = "COMMIT or ROLLBACK stands in one batch with other statements"
        case .copy: plan.confinement = "it has a COPY"
        case .utility(let command): plan.confinement = "it has \(command)"
        }
    }

    /// The instance answered a batch inside of a block.
    mutating func noteControls(of plan: BatchPlan, hadError: Bool) {
        if transaction.hasBegun { transaction.confinement = "its BEGIN stood in one batch with other statements" }
        guard !plan.controls.isEmpty else { return }
        if hadError && plan.statementCount > 1 {
            transaction.confinement = "a batch with SAVEPOINT, SET or RESET failed in it"
        } else if transaction.prelude.count + plan.controls.count > limits.preludeStatementsMax {
            transaction.confinement =
                "it has over \(limits.preludeStatementsMax) statements of SAVEPOINT, SET and RESET"
        } else if !hadError {
            transaction.prelude += plan.controls
        }
    }

    mutating func distributedCommitted() {
        if let next = transaction.settings { settings = next }
        transactionEnded()
    }
}

extension BatchFailure {
    static let endNotAlone = BatchFailure(
        .featureNotSupported,
        "COMMIT and ROLLBACK of a transaction over several instances must be the first statement of their batch",
        hint: "Send Sync before them.")

    static let inImplicitTransaction = BatchFailure(
        .featureNotSupported, "the statements before it in the pipeline are one transaction over several instances",
        hint: "Send Sync before it.")

    static let lostBranch = BatchFailure(
        .connectionFailure, "an instance of the transaction closed its connection",
        hint: "Nothing of it was committed: run the transaction again.")
}
