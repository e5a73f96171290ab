// Statements that the router answers itself: the transaction control of a transaction that has not reached an instance,
// and DEALLOCATE, since the names of prepared statements are the session's.
import NIOCore
import SQLAnalysis
import WireProtocol

extension QuerySession {
    /// Whether the router executes this statement now. `afterSending`: the batch has already sent something to execute.
    func isLocal(_ statement: AnalyzedStatement, afterSending: Bool) -> Bool {
        let afterSending = afterSending || isHeldForSync
        switch statement.kind {
        case .deallocate, .discard: return true
        case .empty, .begin: return !afterSending && !isOpen
        case .rollback: return !afterSending && (!isOpen || transaction.isDistributed)
        case .commit: return !afterSending && (!isOpen && !hasDeferredSettings || transaction.isDistributed)
        case .savepoint, .set: return !afterSending && isDeferrable(statement)
        case .select, .insert, .update, .delete, .explain, .copy, .reset, .show, .utility: return false
        }
    }

    /// A COMMIT must then reach an instance, which judges the settings.
    private var hasDeferredSettings: Bool {
        if case .deferred(let prelude) = transaction.phase { prelude.count > 1 } else { false }
    }

    private var isOpen: Bool {
        switch transaction.phase {
        case .open, .failed: true
        case .none, .deferred, .refused: false
        }
    }

    private func isDeferrable(_ statement: AnalyzedStatement) -> Bool {
        guard case .deferred(let prelude) = transaction.phase, prelude.count < limits.deferredStatementsMax,
            case .anywhere = statement.target
        else { return false }
        return true
    }

    /// Executes it; the answer up to its CommandComplete. `afterSending`: as above.
    mutating func executeLocally(
        _ statement: AnalyzedStatement, sql: String, in plan: inout BatchPlan
    ) throws(BatchFailure) -> ByteBuffer {
        let afterSending = plan.executes
        switch statement.kind {
        case .commit where transaction.isDistributed:
            plan.ending = transaction.phase == .open ? .commit : .rollback
            return tag(transaction.phase == .open ? "COMMIT" : "ROLLBACK")
        case .rollback where transaction.isDistributed:
            plan.ending = .rollback
            return tag("ROLLBACK")
        case .begin: return begin(sql)
        case .commit: return end(tag: transaction.phase == .refused ? "ROLLBACK" : "COMMIT")
        case .rollback: return end(tag: "ROLLBACK")
        case .savepoint:
            transaction.hasSavepoint = true
            return deferred(sql, tag: Self.savepointTag(sql))
        case .set(let name, let isLocal):
            if !isLocal, Self.isSessions(name) { transaction.settings = try setting(name, sql) }
            return deferred(sql, tag: "SET")
        case .deallocate(let name):
            if let name { statements.remove(name) } else { statements.removeAll() }
            return tag(name == nil ? "DEALLOCATE ALL" : "DEALLOCATE")
        case .discard(let what):
            if what == "ALL" { try discardAll(afterSending: afterSending) }
            return tag("DISCARD \(what)")
        case .empty: return RouterAnswers.emptyQuery
        case .select, .insert, .update, .delete, .explain, .copy, .reset, .show, .utility:
            preconditionFailure("\(statement.kind) is not for the router to execute")
        }
    }

    private mutating func begin(_ sql: String) -> ByteBuffer {
        guard case .none = transaction.phase else {
            return warned("25001", "there is already a transaction in progress", tag: "BEGIN")
        }
        transaction.phase = .deferred([sql])
        return tag(Self.firstWord(sql) == "start" ? "START TRANSACTION" : "BEGIN")
    }

    private mutating func end(tag name: String) -> ByteBuffer {
        guard transaction.phase != .none else {
            return warned("25P01", "there is no transaction in progress", tag: name)
        }
        transactionEnded()
        return tag(name)
    }

    private mutating func discardAll(afterSending: Bool) throws(BatchFailure) {
        guard transaction.phase == .none, !afterSending, !isHeldForSync else {
            throw BatchFailure(.activeTransaction, "DISCARD ALL cannot run inside a transaction block")
        }
        statements.removeAll()
        settings = startupSettings
    }

    private mutating func deferred(_ sql: String, tag name: String) -> ByteBuffer {
        guard case .deferred(let prelude) = transaction.phase else {
            preconditionFailure("a statement is deferred in \(transaction.phase)")
        }
        transaction.phase = .deferred(prelude + [sql])
        return tag(name)
    }

    private func tag(_ name: String) -> ByteBuffer { RouterAnswers.encoded(.commandComplete(name)) }

    private func warned(_ code: String, _ message: String, tag name: String) -> ByteBuffer {
        var answer = RouterAnswers.warning(code, message)
        answer.writeImmutableBuffer(tag(name))
        return answer
    }

    private static func savepointTag(_ sql: String) -> String {
        switch firstWord(sql) {
        case "release": "RELEASE"
        case "rollback": "ROLLBACK"
        default: "SAVEPOINT"
        }
    }

    private static func firstWord(_ sql: String) -> String {
        String(decoding: sql.utf8.drop { !isLetter($0) }.prefix { isLetter($0) }, as: UTF8.self).lowercased()
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
