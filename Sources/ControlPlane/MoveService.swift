// The moves under way: starts what the controller or a person orders, watches each after its cut-over, and finishes it.
// The executor knows how a move is made; this knows since when, for whom, and what was seen of it.
//
// Invariant: at most one piece of work is under way for a move. What is asked of a busy move is refused; the next plan
// asks again.
import Catalog
import ClusterModel
import Logging
import Migration
import Planning

package actor MoveService {
    struct Tracked {
        var record: MoveRecord
        let startedAt: Timestamp
        var watch: MoveWatch
        /// The end of the newest interval that the watch has seen.
        var lastSample: Timestamp
        /// What is being done; nil when the move rests.
        var work: Work?
    }

    enum Work: Equatable { case preparing, cuttingOver, finishing, aborting }

    let executor: MoveExecutor
    let clock: ClusterClock
    let logger: Logger
    private let watchConfiguration: MoveWatch.Configuration
    private let grace: Duration
    private let outcome: @Sendable (MoveOutcome) async -> Void
    private(set) var tracked: [MoveID: Tracked] = [:]
    private var past = WatchPast()
    private var estimator: MoveTimeEstimator
    private let (jobs, job) = AsyncStream.makeStream(of: (@Sendable () async -> Void).self)

    /// - Parameters:
    ///   - grace: how long the old owner's rows are kept after a move is final.
    ///   - outcome: told of every change of ownership and every end, for the audit and the pool.
    init(
        executor: MoveExecutor, clock: ClusterClock, watch: MoveWatch.Configuration, grace: Duration,
        estimator: MoveTimeEstimator, logger: Logger, outcome: @escaping @Sendable (MoveOutcome) async -> Void
    ) {
        self.executor = executor
        self.clock = clock
        watchConfiguration = watch
        self.grace = grace
        self.estimator = estimator
        self.logger = logger
        self.outcome = outcome
    }

    /// Works until cancelled; a move that is being worked on is left for `recover` of the next start.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await job() } }
        }
    }

    /// Takes up what an earlier process left: finishes what was decided, undoes what was not.
    func recover() async throws {
        for recovery in try await executor.recover() {
            let record = recovery.record
            logger.info(
                "took over a move",
                metadata: [
                    "move.id": "\(record.id)", "move.state": "\(record.state)",
                    "error": recovery.failure.map { "\($0)" } ?? "none",
                ])
            guard !record.state.isOver else { continue }
            track(record)
            if record.state == .probation { tracked[record.id]?.watch.cutOverCompleted(at: clock.now()) }
        }
    }

    private func track(_ record: MoveRecord) {
        tracked[record.id] = Tracked(
            record: record, startedAt: clock.now(),
            watch: MoveWatch(configuration: watchConfiguration), lastSample: past.newest ?? clock.now(),
            work: nil)
    }

    // MARK: Looking

    func timeToMove(rows: Int, bytes: Int) -> Duration {
        clock.clusterTime(of: estimator.timeToMove(rows: rows, bytes: bytes))
    }

    /// The moves as the controller plans with them; a move that was kept is no longer one.
    var inFlight: [MoveInFlight] {
        tracked.values.compactMap { move in
            phase(of: move).map { phase in
                MoveInFlight(
                    id: move.record.id, segment: move.record.order.segment.id, source: move.record.order.source,
                    target: move.record.order.target, phase: phase, startedAt: move.startedAt)
            }
        }.sorted { $0.id < $1.id }
    }

    private func phase(of move: Tracked) -> MoveInFlight.Phase? {
        switch move.work {
        case .cuttingOver: return .cuttingOver
        case .finishing, .aborting: return nil
        case .preparing, nil: break
        }
        switch move.record.state {
        case .planned, .prechecked, .prepared, .streaming, .copied: return .preparing
        case .ready: return .ready
        case .fenced, .switchDecided, .revertFenced, .revertDecided: return .cuttingOver
        case .probation: return .probation(move.watch.verdict)
        case .finalizing, .retained, .cleaning, .finished, .aborting, .aborted: return nil
        }
    }

    /// Segments whose last move is not tidied up yet: another move would be in its way.
    var tidying: [SegmentID: Hold] {
        let moves = tracked.values.filter { phase(of: $0) == nil }
        return Dictionary(
            moves.map { move in
                (
                    move.record.order.segment.id,
                    Hold(
                        until: max(move.record.report.retainedUntil ?? clock.now(), clock.now()) + .seconds(60),
                        reason: "its last move \(move.record.id) is being tidied up")
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Orders

    /// Starts copying; returns at once. With `thenCutOver`, ownership changes as soon as the copy is ready.
    func prepare(_ order: MoveOrder, epoch: Epoch, thenCutOver: Bool) throws {
        if let other = tracked.values.first(where: { $0.record.order.segment.id == order.segment.id }) {
            throw OrderRefusal(
                "segment \(order.segment.id) is still in move \(other.record.id) (\(other.record.state)).")
        }
        track(MoveRecord(order: order, term: 0, epoch: epoch))
        for sample in past.samples(of: order.segment.id, leaving: order.source) {
            _ = tracked[order.id]?.watch.sampled(sample)
        }
        let prepare = Piece(.preparing) { [executor] in try await executor.start(order, epoch: epoch) }
        let cutOver = Piece(.cuttingOver) { [executor] in try await executor.cutOver(order.id) }
        begin(order.id, thenCutOver ? [prepare, cutOver] : [prepare])
    }

    /// Makes the target the owner; returns at once.
    func cutOver(_ id: MoveID) throws {
        try checkRests(id, in: [.ready])
        begin(id, [Piece(.cuttingOver) { [executor] in try await executor.cutOver(id) }])
    }

    /// Makes the source the owner again, then forgets the move; returns at once.
    func revert(_ id: MoveID) throws {
        try checkRests(id, in: [.probation])
        begin(
            id,
            [
                Piece(.cuttingOver) { [executor] in try await executor.revert(id) },
                Piece(.aborting) { [executor] in try await executor.abort(id) },
            ])
    }

    /// Ends the watch: the move stays.
    func keep(_ id: MoveID) throws {
        try checkRests(id, in: [.probation])
        begin(id, [Piece(.finishing) { [executor, grace] in try await executor.finalize(id, grace: grace) }])
    }

    /// Undoes a move that has not been cut over.
    func abort(_ id: MoveID) throws {
        guard let move = tracked[id] else { throw OrderRefusal("there is no move \(id) under way.") }
        guard move.work == nil || move.work == .preparing else { throw OrderRefusal("move \(id) is busy: try again.") }
        begin(id, [Piece(.aborting) { [executor] in try await executor.abort(id) }])
    }

    private func checkRests(_ id: MoveID, in states: [MoveState]) throws {
        guard let move = tracked[id] else { throw OrderRefusal("there is no move \(id) under way.") }
        guard move.work == nil, states.contains(move.record.state) else {
            let wanted = states.map(\.rawValue).joined(separator: " or ")
            throw OrderRefusal("move \(id) is \(move.record.state.rawValue), not \(wanted).")
        }
    }

    // MARK: Takeovers

    /// A home was replaced by its standby, which has no replication slot of any move: what was not decided is undone,
    /// what was is finished without a way back. Returns what was begun, for the audit.
    func endMoves(of instance: InstanceID) async -> [String] {
        var sentences: [String] = []
        for record in await executor.letGo(of: instance) {
            let id = record.id
            guard tracked[id] != nil, !record.state.isOver else { continue }
            tracked[id]?.record = record
            let settle = { [executor] (work: Work) in Piece(work) { try await executor.settle(id) } }
            let what =
                "move \(id) of \(record.order.segment.id) lost its replication slot by the takeover of \(instance)"
            switch record.state {
            case .planned, .prechecked, .prepared, .streaming, .copied, .ready, .aborting, .fenced:
                sentences.append("\(what) and is undone")
                begin(id, [settle(.aborting), Piece(.aborting) { [executor] in try await executor.abort(id) }])
            case .probation, .revertFenced, .switchDecided:
                sentences.append("\(what): there is no way back any more, and it is finished")
                begin(
                    id,
                    [
                        settle(.finishing),
                        Piece(.finishing) { [executor, grace] in try await executor.finalize(id, grace: grace) },
                    ])
            case .revertDecided:
                sentences.append("\(what): the segment is back where it was, and the move is undone")
                begin(id, [settle(.aborting), Piece(.aborting) { [executor] in try await executor.abort(id) }])
            case .finalizing, .retained, .cleaning, .finished, .aborted: continue
            }
        }
        return sentences
    }

    // MARK: Work

    private struct Piece: Sendable {
        let work: Work
        let body: @Sendable () async throws -> MoveRecord

        init(_ work: Work, _ body: @escaping @Sendable () async throws -> MoveRecord) {
            self.work = work
            self.body = body
        }
    }

    /// Does the pieces one after the other; between two of them nobody else gets the move.
    private func begin(_ id: MoveID, _ pieces: [Piece]) {
        tracked[id]?.work = pieces.first?.work
        job.yield { [self] in
            for (piece, next) in zip(pieces, pieces.dropFirst().map(\.work) + [nil]) {
                guard await tracked[id]?.work == piece.work else { return }
                let begin = ContinuousClock.now
                do {
                    await ended(try await piece.body(), piece.work, next: next, took: begin.duration(to: .now))
                } catch {
                    return await failed(id, piece.work, error)
                }
            }
        }
    }

    private func ended(_ record: MoveRecord, _ work: Work, next: Work?, took: Duration) async {
        guard var move = tracked[record.id] else { return }
        move.record = record
        // An abort that overtook the preparation owns the move now.
        if move.work == work { move.work = next }
        if work == .preparing, record.state == .ready {
            estimator.moveMeasured(rows: record.report.rowsCopied, bytes: record.report.bytesCopied, duration: took)
        }
        if work == .cuttingOver, record.state == .probation {
            move.cutOverCompleted(at: clock.now())
        }
        tracked[record.id] = record.state.isOver ? nil : move
        await outcome(MoveOutcome(record: record, failure: nil))
    }

    private func failed(_ id: MoveID, _ work: Work, _ error: any Error) async {
        guard tracked[id]?.work == work else { return }
        let known = await standing(of: id)
        guard var move = tracked[id], move.work == work else { return }
        move.work = nil
        move.record = known ?? move.record
        tracked[id] = known == nil || move.record.state.isOver ? nil : move
        logger.log(
            level: move.record.state.isResting ? .warning : .error, "a move failed",
            metadata: ["move.id": "\(id)", "move.state": "\(move.record.state)", "error": "\(error)"])
        await outcome(MoveOutcome(record: move.record, failure: "\(error)"))
    }

    /// The move as the executor or the journal has it; nil only when it was never written down.
    private func standing(of id: MoveID) async -> MoveRecord? {
        if let atHand = await executor.moves.first(where: { $0.id == id }) { return atHand }
        do { return try await executor.recorded(id) } catch { return tracked[id]?.record }
    }

    // MARK: Watching

    /// Feeds the watch of every move with what was measured since its last sample, and tidies up what is due.
    ///
    /// - Parameter unplanned: groups where nobody plans the end of a watch, so that a move that did no harm is kept here.
    ///   Harm is then for a person to judge.
    func tick(
        _ recent: RecentUsage, placement: [InstanceID: [SegmentID]], keepingByItself unplanned: Set<GroupID>
    ) {
        let now = clock.now()
        past.add(recent, placement: placement)
        for (id, move) in tracked where move.work == nil {
            switch move.record.state {
            case .probation, .ready:
                tracked[id]?.look(at: recent, placement: placement, now: now)
                if unplanned.contains(move.record.order.segment.group), case .keep? = tracked[id]?.watch.verdict {
                    try? keep(id)
                }
            case .retained:
                guard (move.record.report.retainedUntil ?? now) <= now else { continue }
                begin(id, [Piece(.finishing) { [executor] in try await executor.clean(id) }])
            case .planned, .prechecked, .prepared, .streaming, .copied, .aborting: settle(id, .aborting)
            case .fenced, .switchDecided, .revertFenced, .revertDecided: settle(id, .cuttingOver)
            case .finalizing, .cleaning: settle(id, .finishing)
            case .finished, .aborted: tracked[id] = nil
            }
        }
    }

    /// A move that does not rest though nobody works on it: its work failed for so long that it was given up.
    private func settle(_ id: MoveID, _ work: Work) {
        begin(id, [Piece(work) { [executor] in try await executor.settle(id) }])
    }
}

/// What became of a piece of work on a move.
struct MoveOutcome: Sendable {
    let record: MoveRecord
    /// Why it did not succeed; nil when it did.
    let failure: String?
}

/// An order that does not fit the move or the segment.
package struct OrderRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
