// The driver of one commit over several instances: it obeys CommitStateMachine. It goes on without its client, because
// what was decided is done. Everything is on the data plane's loop.
import ClusterModel
import NIOCore
import WireProtocol

// Guard for @unchecked Sendable: every member is touched on the data plane's loop only.
final class CommitRun: @unchecked Sendable {
    let id: DistributedTransactionID
    private let log: any CommitLog
    private let plane: DataPlane
    private let branches: [Branch]
    private var machine: CommitStateMachine
    /// Nil once it has left, and when the run has ended.
    private var client: ClientConnection?
    /// Of a client that left: they are left when the run ends.
    private var segments: [SegmentID] = []
    private var error: ServerMessage?

    init(_ id: DistributedTransactionID, _ branches: [Branch], _ log: any CommitLog, for client: ClientConnection) {
        self.id = id
        self.log = log
        self.branches = branches
        self.client = client
        plane = client.plane
        machine = CommitStateMachine(branchCount: branches.count)
    }

    func start() {
        for (index, branch) in branches.enumerated() {
            branch.onLoss = { self.obey(self.machine.lost(index)) }
        }
        obey(machine.started())
    }

    func clientLeft(_ segments: [SegmentID]) {
        client = nil
        self.segments = segments
    }

    /// What is decided is not cancelled.
    func cancel() {
        guard let client, !machine.isDecided else { return }
        for branch in branches { branch.cancel(by: client) }
    }

    private func obey(_ action: CommitStateMachine.Action) {
        switch action {
        case .prepareAll: for index in branches.indices { prepare(index) }
        case .decide: decide()
        case .commitAll: for index in machine.reachable { end(index, "COMMIT PREPARED \(name(index))") }
        case .rollBack(let prepared, let open):
            for index in prepared { end(index, "ROLLBACK PREPARED \(name(index))") }
            for index in open { end(index, "ROLLBACK") }
        case .finish(let outcome): finish(outcome)
        case .none: break
        }
    }

    private func name(_ index: Int) -> String {
        BranchName(cluster: log.cluster, transaction: id, branch: index).literal
    }

    private func prepare(_ index: Int) {
        branches[index].run("PREPARE TRANSACTION \(name(index))") { ending in
            switch ending {
            case .completed(tag: "PREPARE TRANSACTION"): self.obey(self.machine.succeeded(index))
            case .completed:
                // The server ended a failed block.
                self.failed(
                    index, BatchFailure.commitFailed("was in a failed transaction", self.branches[index].instance))
            case .failed(let error): self.failed(index, BatchFailure(error))
            case .lost:
                self.note(BatchFailure.commitFailed("closed the connection", self.branches[index].instance))
                self.obey(self.machine.lost(index))
            }
        }
    }

    private func failed(_ index: Int, _ failure: BatchFailure) {
        note(failure)
        obey(machine.failed(index))
    }

    /// The first one is told to the client.
    private func note(_ failure: BatchFailure) { if error == nil { error = failure.message } }

    private func decide() {
        plane.decide(id, on: branches.map(\.instance), log) { isDurable in
            self.obey(isDurable ? self.machine.decided() : self.machine.decisionFailed())
        }
    }

    private func end(_ index: Int, _ sql: String) {
        branches[index].run(sql) { ending in
            switch ending {
            case .completed: self.obey(self.machine.succeeded(index))
            case .failed(let error):
                self.plane.logger.error(
                    "a branch of a transaction could not be ended",
                    metadata: ["instance.id": "\(self.branches[index].instance)", "sql": "\(sql)", "error": "\(error)"])
                self.obey(self.machine.failed(index))
            case .lost: self.obey(self.machine.lost(index))
            }
        }
    }

    private func finish(_ outcome: CommitStateMachine.Outcome) {
        plane.commitEnded(id, outcome)
        for branch in branches {
            branch.onLoss = {}
            branch.release()
        }
        plane.left(segments)
        let client = client
        self.client = nil
        client?.commitEnded(outcome, error)
    }
}

extension BatchFailure {
    static func commitFailed(_ what: String, _ instance: InstanceID) -> BatchFailure {
        BatchFailure(
            .connectionFailure, "instance \(instance) \(what) before the transaction was committed",
            hint: "Nothing of it was committed: run the transaction again.")
    }
}
