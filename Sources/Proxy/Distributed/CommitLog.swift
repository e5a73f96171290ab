// What a transaction over several instances is called, and where its outcome is written.
import ClusterModel

/// One commit over several instances; never used again, by this process or a later one.
package struct DistributedTransactionID: Hashable, Sendable, CustomStringConvertible {
    /// The catalog's term, which only grows: no two processes share one.
    package let term: Int64
    package let number: Int64

    package init(term: Int64, number: Int64) {
        self.term = term
        self.number = number
    }

    package var description: String { "\(term).\(number)" }

    init?(_ text: Substring) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let term = Int64(parts[0]), let number = Int64(parts[1]) else { return nil }
        self.init(term: term, number: number)
    }
}

/// The name of a branch at its instance: `foreshard:CLUSTER:TERM.NUMBER:BRANCH`. The cluster's name keeps apart those who
/// share a server, the branch's number those whose databases share one.
package struct BranchName: Hashable, Sendable, CustomStringConvertible {
    package let cluster: String
    package let transaction: DistributedTransactionID
    package let branch: Int

    package init(cluster: String, transaction: DistributedTransactionID, branch: Int) {
        self.cluster = cluster
        self.transaction = transaction
        self.branch = branch
    }

    /// Nil: another's.
    package init?(_ text: String, cluster: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "foreshard", parts[1] == cluster,
            let transaction = DistributedTransactionID(parts[2]), let branch = Int(parts[3])
        else { return nil }
        self.init(cluster: cluster, transaction: transaction, branch: branch)
    }

    package var description: String { "foreshard:\(cluster):\(transaction):\(branch)" }
    /// As SQL; nothing in it needs quoting.
    package var literal: String { "'\(description)'" }
}

/// Where the decision to commit is made durable.
package protocol CommitLog: Sendable {
    /// Part of the names of branches: letters and digits.
    var cluster: String { get }
    var term: Int64 { get }

    /// Returns when the decision survives a crash. A throw leaves open whether it does.
    func decide(_ transaction: DistributedTransactionID, on instances: [InstanceID]) async throws
}
