// What executed statements do to the session's settings. A SET counts for the session when its transaction commits;
// until then `BatchPlan.settings` and `Transaction.settings` hold what the settings become.
//
// Savepoints are not followed by name. Nothing is set after a SAVEPOINT, so no ROLLBACK TO ever undoes a setting.
import SQLAnalysis
import WireProtocol

extension QuerySession {
    /// Notes a statement that the batch has the instance execute.
    mutating func note(
        _ statement: AnalyzedStatement, sql: String, in plan: inout BatchPlan
    ) throws(BatchFailure) {
        try noteSpan(statement, sql, in: &plan)
        switch statement.kind {
        case .begin: if transaction.phase == .none { transaction.hasBegun = true }
        case .savepoint:
            // Were the batch to fail, it would not be known which of the two was still done.
            guard plan.settings == nil else { throw .settingAndSavepoint }
            transaction.hasSavepoint = true
        case .set(let name, isLocal: false) where Self.isSessions(name):
            plan.settings = try setting(name, sql, after: plan)
        case .reset(let name?) where Self.isSessions(name):
            plan.settings = try setting(name, startupSettings.statement(of: name) ?? sql, after: plan)
            plan.resetsSettings = true
        case .reset(name: nil):
            guard !transaction.hasSavepoint else { throw .settingAndSavepoint }
            plan.settings = startupSettings
            plan.resetsSettings = true
        case .set, .reset, .select, .insert, .update, .delete, .explain, .copy, .commit, .rollback, .show, .deallocate,
            .discard, .utility, .empty:
            break
        }
    }

    /// What the settings become by one more SET.
    func setting(
        _ name: String, _ sql: String, after plan: BatchPlan = BatchPlan()
    ) throws(BatchFailure) -> SessionSettings {
        guard !transaction.hasSavepoint else { throw .settingAndSavepoint }
        var next = plan.settings ?? transaction.settings ?? settings
        // Each of these sets another part of the default.
        next.set(name == "session characteristics" ? sql : name, sql)
        try Self.check(next, limits)
        return next
    }

    /// Whether a session may carry these.
    static func check(_ settings: SessionSettings, _ limits: ProxyConfiguration.Limits) throws(BatchFailure) {
        guard settings.count > limits.settingsPerSessionMax || settings.bytes > limits.settingBytesPerSessionMax else {
            return
        }
        let (count, bytes) = (limits.settingsPerSessionMax, limits.settingBytesPerSessionMax)
        throw BatchFailure(
            .configurationLimitExceeded, "a session may carry at most \(count) settings, and \(bytes) bytes of them",
            hint: "Send RESET ALL or DISCARD ALL, or use SET LOCAL.")
    }

    static func isSessions(_ name: String) -> Bool { !endWithTransaction.contains(name) }

    /// Settings of the transaction itself, however they are set.
    private static let endWithTransaction: Set = [
        "transaction snapshot", "transaction_isolation", "transaction_read_only", "transaction_deferrable",
    ]
}

extension BatchFailure {
    static let settingAndSavepoint = BatchFailure(
        .featureNotSupported, "SET and RESET do not go through the router after a SAVEPOINT, or in one batch with it",
        hint: "Use SET LOCAL, or send SET before the first SAVEPOINT of the transaction.")
}

extension SQLState {
    static let configurationLimitExceeded = SQLState("53400")
}
