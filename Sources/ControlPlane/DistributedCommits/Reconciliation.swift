// What to do about branches that are prepared at the instances, and about decisions that may have no branch left.
// Invariants: a branch of a commit that is under way is left alone; one is committed exactly when its decision is
// written; a decision is forgotten only when every instance that it names was asked, after it was known and nobody
// worked on it any more, and has no branch of it.
//
// The order in which its inputs are read makes that sound: decisions and the commits under way first, then what the
// instances hold, then both again.
import Catalog
import ClusterModel
import Proxy

struct Reconciliation: Equatable {
    struct Ending: Equatable {
        let instance: InstanceID
        let branch: BranchName
        let isCommit: Bool

        var sql: String { (isCommit ? "COMMIT" : "ROLLBACK") + " PREPARED \(branch.literal)" }
    }

    /// What the router and the catalog say at one moment. The commits under way are read before the decisions.
    struct Knowledge {
        let underWay: Set<DistributedTransactionID>
        let decisions: [CommitDecision]
    }

    private(set) var endings: [Ending] = []
    private(set) var forgotten: [CommitDecision] = []

    /// - Parameter found: the branches of every instance that answered, and none for those that can have none.
    init(before: Knowledge, found: [InstanceID: [BranchName]], after: Knowledge) {
        let committed = Set(after.decisions.map(\.transaction))
        for (instance, branches) in found.sorted(by: { $0.key < $1.key }) {
            for branch in branches where !after.underWay.contains(branch.transaction) {
                endings.append(
                    Ending(instance: instance, branch: branch, isCommit: committed.contains(branch.transaction)))
            }
        }
        let present = Set(found.values.joined().map(\.transaction))
        forgotten = before.decisions.filter { decision in
            !before.underWay.contains(decision.transaction) && !present.contains(decision.transaction)
                && decision.instances.allSatisfy { found[$0] != nil }
        }
    }
}

extension CommitDecision {
    var transaction: DistributedTransactionID { DistributedTransactionID(term: term, number: number) }
}
