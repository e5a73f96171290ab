// What the leased connection tells the client's driver. All calls are on the loop.
import NIOCore
import WireProtocol

extension ClientConnection {
    func relay(_ bytes: ByteBuffer) {
        usage.bytes += bytes.readableBytes
        if let sharedInsert { return relay(bytes, of: sharedInsert) }
        isAnswering = true
        write(bytes)
    }

    func answerRowsRelayed(_ count: Int) { usage.rows += count }
    func answerErrorRelayed() { usage.errors += 1 }

    func parsesStruck(_ parses: [(PreparedStatement, clientName: String?)]) {
        for case (let statement, let name?) in parses where session.statements[name] === statement {
            session.statements.remove(name)
        }
    }

    /// All answers are in.
    func instanceBecameQuiet() {
        guard let backend else { return }
        switch stage {
        case .preparing(.login): loginPrepared()
        case .preparing(.batch(let plan)): send(plan, to: backend)
        case .running(let plan): ended(plan, at: backend)
        // A notice between batches.
        case .reading, .discarding: break
        case .loggingIn, .atGate, .queued, .scattering, .repeating, .committing, .closed, .preparing(.scatter):
            preconditionFailure("an instance answered a session in \(stage)")
        }
    }

    func preparationFailed(_ error: ServerMessage) {
        let errand: Errand
        switch stage {
        case .preparing(let waiting): errand = waiting
        case .running(let plan): errand = .batch(plan)
        case .loggingIn, .reading, .atGate, .queued, .scattering, .repeating, .committing, .discarding, .closed: return
        }
        backend?.lessee = nil
        backend = nil
        leasedFrom = nil
        session.instanceLost()
        fail(errand, BatchFailure(error))
    }

    /// `midRow`: the client has a part of a row that will never be whole.
    func instanceLost(midRow: Bool) {
        backend = nil
        leasedFrom = nil
        switch stage {
        case .preparing(.login): rejectLogin(.connectionFailure, "the instance closed the connection")
        case .preparing(.batch), .running: lostInstance(midRow: midRow)
        case .reading, .discarding, .atGate: lostTransaction()
        case .repeating, .scattering, .queued: session.transaction.hasLostBranch = true
        case .loggingIn, .committing, .closed, .preparing(.scatter): break
        }
    }

    func instanceWritabilityChanged() { process() }
    func instanceTakesCopyMessages() { process() }
}
