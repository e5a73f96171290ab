// A router of one segment: counts transactions in flight, holds new ones while closed, knows where the segment is.
import ClusterModel

@testable import Migration

actor TestGate: SegmentGate {
    struct DrainTimedOut: Error {}

    private(set) var owner: InstanceID
    private(set) var epoch = Epoch.initial
    private var isClosed = false
    private var inFlight = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(owner: InstanceID) { self.owner = owner }

    var isOpen: Bool { !isClosed }

    /// Runs a transaction of the segment at its owner.
    func transaction<Result: Sendable>(
        _ body: @Sendable (InstanceID) async throws -> Result
    ) async rethrows -> Result {
        while isClosed { await withCheckedContinuation { waiting.append($0) } }
        inFlight += 1
        defer { inFlight -= 1 }
        return try await body(owner)
    }

    func close(_ segment: SegmentID, drainWithin: Duration) async throws {
        isClosed = true
        let end = ContinuousClock.now + drainWithin
        while inFlight > 0 {
            guard ContinuousClock.now < end else {
                await open(segment)
                throw DrainTimedOut()
            }
            try await Task.sleep(for: .microseconds(200))
        }
    }

    func open(_ segment: SegmentID) async {
        isClosed = false
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    func publish(_ segment: SegmentID, on owner: InstanceID, epoch: Epoch) async {
        precondition(epoch >= self.epoch, "the router's epoch never decreases")
        self.owner = owner
        self.epoch = epoch
    }
}
