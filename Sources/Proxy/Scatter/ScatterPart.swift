// One instance's part of a read: it has the connection, cuts its answers into messages and hands them to the read.
import ClusterModel
import NIOCore
import Routing
import WireProtocol

final class ScatterPart: Lessee {
    enum Stage {
        case waiting
        /// The connection is given the session's settings.
        case preparing
        /// Leased, and nothing is asked of it.
        case idle
        case inquiring
        case reading
        case merging
    }

    let instance: InstanceID
    let segments: [Segment]
    private(set) var backend: BackendConnection?
    private var pool: InstancePool?
    /// Broken when the connection is given back.
    private var read: ScatterRead?
    var stage = Stage.waiting
    /// The error that ends its answers has come.
    private var hasFailed = false
    /// Its own answers are being handed on: the connection cannot be given back before they are.
    private var isRelaying = false
    private var releaseWanted: ((BackendConnection) -> Void)?
    /// Of a transaction block that fails with the read: left when its connection has rolled back.
    var leaving: [SegmentID] = []
    /// What the connection is told before it is the block's.
    private var prelude: String?
    private var inbound = ByteBuffer()
    private let splitter: FrameSplitter
    var usage = BatchUsage()
    private var sentAt: Instant = 0

    init(_ part: Scatter.Part, messageBytesMax: Int) {
        instance = part.instance
        segments = part.segments
        splitter = FrameSplitter(lengthMax: messageBytesMax)
    }

    var segmentIDs: [SegmentID] { segments.map(\.id) }

    // MARK: The connection

    func granted(
        _ backend: BackendConnection, by pool: InstancePool, for read: ScatterRead, prelude: String? = nil
    ) {
        self.prelude = prelude
        self.backend = backend
        self.pool = pool
        self.read = read
        backend.lessee = self
        stage = .idle
    }

    func send(_ messages: [FrontendMessage], _ expected: [ExpectedAnswer], as stage: Stage, at now: Instant) {
        self.stage = stage
        sentAt = now
        backend?.send(messages, expecting: expected)
    }

    /// True when the connection has something to answer before it is ready.
    func joinsBlock() -> Bool {
        guard let prelude, let backend else { return false }
        self.prelude = nil
        stage = .preparing
        backend.sendSilently(prelude)
        return true
    }

    /// Nothing is under way: the transaction keeps the connection.
    func handBack() -> (backend: BackendConnection, pool: InstancePool)? {
        guard let backend, let pool else { return nil }
        forget()
        stage = .waiting
        return (backend, pool)
    }

    /// Gives the connection back; one that still has something to answer is told to stop first.
    func release(_ cancel: @escaping (BackendConnection) -> Void) {
        guard let backend, let pool else { return }
        guard !isRelaying else {
            read = nil
            releaseWanted = cancel
            return
        }
        releaseWanted = nil
        self.backend = nil
        self.pool = nil
        read = nil
        stage = .waiting
        inbound = ByteBuffer()
        guard !backend.machine.isProvenIdle else {
            pool.plane.left(leaving)
            return pool.release(backend)
        }
        if !hasFailed, !backend.machine.isQuiet { cancel(backend) }
        pool.recover(backend, segments: leaving)
    }

    func measured(until now: Instant) { usage.busySeconds += Double(now &- sentAt) * 1e-9 }

    // MARK: What the connection tells

    func relay(_ bytes: ByteBuffer) {
        isRelaying = true
        var bytes = bytes
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        do throws(WireError) {
            while let read, let frame = try splitter.next(from: &inbound) {
                if frame.type == BackendMessage.Kind.errorResponse.rawValue { hasFailed = true }
                read.received(frame, from: self)
            }
        } catch {
            read?.failed(.rowTooLong(splitter.lengthMax))
        }
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        isRelaying = false
        // Where all answers are in, `instanceBecameQuiet` follows.
        if let releaseWanted, backend?.machine.isQuiet == false { release(releaseWanted) }
    }

    func answerRowsRelayed(_ count: Int) { usage.rows += count }
    func answerErrorRelayed() {}
    func parsesStruck(_ parses: [(PreparedStatement, clientName: String?)]) {}

    func instanceBecameQuiet() {
        if let releaseWanted { release(releaseWanted) } else { read?.becameQuiet(self) }
    }

    func preparationFailed(_ error: ServerMessage) {
        let read = read
        forget()
        read?.failed(BatchFailure(error))
    }

    func instanceLost(midRow: Bool) {
        let read = read
        forget()
        read?.lost(self)
    }

    private func forget() {
        backend = nil
        pool = nil
        read = nil
    }

    func instanceWritabilityChanged() {}
    /// No part of a read is a COPY.
    func instanceTakesCopyMessages() {}
    func flushIfNeeded() { read?.flush() }
}

extension BatchFailure {
    static func rowTooLong(_ bytesMax: Int) -> BatchFailure {
        BatchFailure(
            SQLState("54000"), "a row of a read of several segments is longer than \(bytesMax) bytes",
            hint: "Restrict the statement to one shard key.")
    }
}
