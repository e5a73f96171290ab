// Everything that can stop a move, as values. A description says what, where and what to do; never a password.
import ClusterModel

/// A transaction that something of ours waits for.
package struct BlockingTransaction: Hashable, Sendable, CustomStringConvertible {
    package let pid: Int32
    package let application: String
    package let ageSeconds: Double

    package init(pid: Int32, application: String, ageSeconds: Double) {
        self.pid = pid
        self.application = application
        self.ageSeconds = ageSeconds
    }

    package var description: String {
        "pid \(pid)\(application.isEmpty ? "" : " (\(application))"), open for \(Int(ageSeconds)) s"
    }
}

package enum MoveError: Error, Equatable, Sendable {
    /// The instances are not fit; every problem at once.
    case unfit([MoveProblem])
    case refused(MoveRefusal, MoveState)
    case unknownMove(MoveID)
    case unknownInstance(InstanceID)
    /// The executor takes no more orders.
    case stopping
    /// Another call works on the move.
    case busy(MoveID)
    case timedOut(String, on: InstanceID, after: Duration)
    case blocked(String, on: InstanceID, by: [BlockingTransaction])
    /// The two sides hold different rows that replication does not explain.
    case diverged(table: TableName, rows: Int)
    case streamBroken(String, on: InstanceID)
    /// Rows may not be deleted while something publishes the deletions.
    case stillPublished(table: TableName, publications: [String], on: InstanceID)
    /// The grace of the old owner's rows is not over.
    case retained(until: Timestamp)
    /// Schema `foreshard` is in use by moves.
    case inUse(InstanceID)
}

extension MoveError {
    /// May be gone at the next attempt.
    var isPassing: Bool {
        switch self {
        case .timedOut, .blocked: true
        case .unfit, .refused, .unknownMove, .unknownInstance, .stopping, .busy, .diverged, .streamBroken,
            .stillPublished, .retained, .inUse:
            false
        }
    }
}

extension MoveError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unfit(let problems):
            "the move cannot start:\n" + problems.map { "- \($0)" }.joined(separator: "\n")
        case .refused(let refusal, let state): "\(refusal.rawValue) (its state is \(state.rawValue))"
        case .unknownMove(let id): "there is no move \(id)"
        case .unknownInstance(let id): "there is no instance \(id)"
        case .stopping: "no move is worked on any more: Foreshard is stopping"
        case .busy(let id): "move \(id) is being worked on; wait for it or abort it"
        case .timedOut(let what, let instance, let limit): "\(instance): \(what) took longer than \(limit)"
        case .blocked(let what, let instance, let blockers):
            "\(instance): \(what) waits for open transactions: "
                + blockers.map(\.description).joined(separator: "; ") + ". End them, or try again later."
        case .diverged(let table, let rows):
            "\(table): \(rows) rows differ between source and target, and replication does not explain it. "
                + "The move was undone; something wrote to the target, or changed rows unreplicated."
        case .streamBroken(let what, let instance): "\(instance): \(what)"
        case .stillPublished(let table, let publications, let instance):
            "\(instance): \(table) is in publication \(publications.joined(separator: ", ")): deleting the moved rows "
                + "would delete them downstream. Take the table out of it first."
        case .retained(let until): "the old owner keeps its rows until \(until)"
        case .inUse(let instance): "\(instance): moves still have objects there"
        }
    }
}
