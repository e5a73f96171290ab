// A read of several segments inside of a transaction block: its parts are asked on the transaction's own branches, so that
// it sees what the transaction wrote. Instances that are not yet among them join.
import ClusterModel

extension ClientConnection {
    func beginScatterInBlock(_ request: ScatterRequest) throws(BatchFailure) {
        // The connections are needed after the read: none of them can be told to stop.
        guard request.rowsMax == 0 else { throw .scatterWithLimitInTransaction }
        if case .deferred(let prelude) = session.transaction.phase {
            session.transaction.phase = .open
            session.transaction.prelude = prelude
        }
        joinBranches()
    }

    /// The next connection of the read: the branch that is there, or one more.
    func leasePart(of read: ScatterRead, at instance: InstanceID) {
        guard read.isInBlock else { return lease(for: .scatter(read), at: instance) }
        if let backend, let pool = leasedFrom, pool.instance.id == instance {
            self.backend = nil
            leasedFrom = nil
            return read.joined(backend, of: pool)
        }
        guard let index = parked.firstIndex(where: { $0.instance == instance }) else {
            return lease(for: .scatter(read), at: instance)
        }
        guard let (backend, pool) = parked.remove(at: index).resume() else { return read.failed(.lostBranch) }
        read.joined(backend, of: pool)
    }

    /// The read has ended: its connections are branches of the transaction.
    func keep(_ connections: [(backend: BackendConnection, pool: InstancePool)]) {
        for (backend, pool) in connections { park(backend, pool) }
        guard backend == nil, let (backend, pool) = parked.popLast()?.resume() else { return }
        take(backend, from: pool)
    }

    /// Segments on the instance that the transaction no longer answers for.
    func takeTouched(on instance: InstanceID) -> [SegmentID] {
        let own = session.transaction.touched.filter { plane.table[$0] == instance }
        session.transaction.touched.removeAll { own.contains($0) }
        return own
    }
}

extension BatchFailure {
    static let scatterWithLimitInTransaction = BatchFailure(
        .featureNotSupported, "a read of several segments in a transaction block gives all of its rows at once",
        hint: "Execute it without a limit of rows, or add a LIMIT.")
}
