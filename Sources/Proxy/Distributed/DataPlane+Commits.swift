// The commits over several instances that are under way, and the way to where their decisions are written.
import ClusterModel
import NIOCore

extension DataPlane {
    func nextCommit(_ log: any CommitLog) -> DistributedTransactionID {
        lastCommit += 1
        let id = DistributedTransactionID(term: log.term, number: lastCommit)
        commits.insert(id)
        return id
    }

    /// - Parameter done: on the loop; false where it is not known whether the decision is durable.
    func decide(
        _ id: DistributedTransactionID, on instances: [InstanceID], _ log: any CommitLog,
        _ done: @escaping @Sendable (Bool) -> Void
    ) {
        decisionsPending += 1
        Task {
            let isDurable: Bool
            do {
                try await log.decide(id, on: instances)
                isDurable = true
            } catch {
                logger.error(
                    "cannot write the decision of a transaction",
                    metadata: ["transaction": "\(id)", "error": "\(error)"])
                isDurable = false
            }
            loop.execute {
                self.decisionsPending -= 1
                done(isDurable)
            }
        }
    }

    func commitEnded(_ id: DistributedTransactionID, _ outcome: CommitStateMachine.Outcome) {
        commits.remove(id)
        switch outcome {
        case .committed: counters.distributedCommits += 1
        case .committedInDoubt, .unknown: counters.distributedInDoubt += 1
        case .rolledBack: counters.distributedRollbacks += 1
        }
    }
}
