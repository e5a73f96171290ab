// Writes the decisions of two-phase commits into the catalog. Those that come while one is being written to the disk are
// written together after it.
import Catalog
import ClusterModel
import Proxy

actor CommitLedger: CommitLog {
    nonisolated let cluster: String
    nonisolated let term: Int64
    private let catalog: CatalogStore
    private var waiting: [(decision: CommitDecision, continuation: CheckedContinuation<Void, any Error>)] = []
    private var isWriting = false

    init(_ catalog: CatalogStore) throws {
        self.catalog = catalog
        cluster = try catalog.clusterName()
        term = catalog.term
    }

    func decide(_ transaction: DistributedTransactionID, on instances: [InstanceID]) async throws {
        let decision = CommitDecision(term: transaction.term, number: transaction.number, instances: instances)
        try await withCheckedThrowingContinuation { continuation in
            waiting.append((decision, continuation))
            guard !isWriting else { return }
            isWriting = true
            Task { await self.write() }
        }
    }

    private func write() async {
        while !waiting.isEmpty {
            let batch = waiting
            waiting = []
            let result = await Task.detached { [catalog] in
                Result { try catalog.decide(batch.map(\.decision)) }
            }.value
            for (_, continuation) in batch { continuation.resume(with: result) }
        }
        isWriting = false
    }
}
