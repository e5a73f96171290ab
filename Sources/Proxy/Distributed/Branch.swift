// One instance's part of a transaction over several: a connection inside of the client's block that the client does not
// speak to now. It carries out single statements of the router's own, and tells how each ended.
import ClusterModel
import NIOCore
import WireProtocol

final class Branch: Lessee {
    enum Ending: Equatable {
        case completed(tag: String)
        case failed(ServerMessage)
        /// The connection is gone; what became of the statement is not known.
        case lost
    }

    let instance: InstanceID
    private let pool: InstancePool
    private(set) var backend: BackendConnection?
    /// While nothing is under way.
    var onLoss: () -> Void = {}
    private var onEnd: ((Ending) -> Void)?
    private var ending = Ending.completed(tag: "")
    private let splitter = FrameSplitter(lengthMax: 1 << 20)
    private var inbound = ByteBuffer()

    init(_ backend: BackendConnection, of pool: InstancePool) {
        instance = pool.instance.id
        self.pool = pool
        self.backend = backend
        backend.lessee = self
        backend.setReading(true)
    }

    /// One statement at a time.
    func run(_ sql: String, _ onEnd: @escaping (Ending) -> Void) {
        guard let backend else { return onEnd(.lost) }
        self.onEnd = onEnd
        ending = .completed(tag: "")
        backend.send([.query(sql)], expecting: [.query(isVisible: true)])
    }

    func cancel(by client: ClientConnection) {
        if onEnd != nil, let backend { client.cancel(at: backend) }
    }

    // MARK: Giving the connection away

    /// To the client, who speaks to the instance now.
    func resume() -> (backend: BackendConnection, pool: InstancePool)? {
        guard let backend else { return nil }
        self.backend = nil
        return (backend, pool)
    }

    func release() {
        guard let (backend, pool) = resume() else { return }
        pool.release(backend)
    }

    /// Nothing of it stays; the segments are left when that is so.
    func rollBack(leaving segments: [SegmentID], _ plane: DataPlane) {
        guard let (backend, pool) = resume() else { return plane.left(segments) }
        onEnd = nil
        pool.recover(backend, segments: segments)
    }

    // MARK: What the connection tells

    func relay(_ bytes: ByteBuffer) {
        var bytes = bytes
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        do throws(WireError) {
            while let frame = try splitter.next(from: &inbound) { received(frame) }
        } catch {
            backend?.close(.instanceProtocolError)
        }
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
    }

    private func received(_ frame: Frame) {
        guard case .completed = ending, let message = try? BackendMessage(frame) else { return }
        if case .errorResponse(let error) = message { ending = .failed(error) }
        if case .commandComplete(let tag) = message { ending = .completed(tag: tag) }
    }

    func instanceBecameQuiet() {
        // Otherwise a notice between two statements.
        guard let onEnd else { return }
        self.onEnd = nil
        onEnd(ending)
    }

    func preparationFailed(_ error: ServerMessage) { instanceLost(midRow: false) }

    func instanceLost(midRow: Bool) {
        backend = nil
        guard let onEnd else { return onLoss() }
        self.onEnd = nil
        onEnd(.lost)
    }

    func answerRowsRelayed(_ count: Int) {}
    func answerErrorRelayed() {}
    func parsesStruck(_ parses: [(PreparedStatement, clientName: String?)]) {}
    func instanceWritabilityChanged() {}
    func instanceTakesCopyMessages() {}
    func flushIfNeeded() {}
}
