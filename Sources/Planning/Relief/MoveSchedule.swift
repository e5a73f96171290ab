// When moves would be ready, given that only so many may be in flight: list scheduling over the slots in total and those
// of each source. The n-th move of a source waits for the earlier ones, so its time to move is cumulative.

import ClusterModel

struct MoveSchedule {
    private let now: Timestamp
    private let perSourceMax: Int
    private var freeAt: [Timestamp]
    private var sourceFreeAt: [InstanceID: [Timestamp]] = [:]

    /// `busy`: the moves in flight that copy now, and when each is expected to be ready.
    init(now: Timestamp, configuration: PlanningConfiguration, busy: [(source: InstanceID, until: Timestamp)]) {
        self.now = now
        perSourceMax = configuration.movesInFlightPerSourceMax
        freeAt = Array(repeating: now, count: configuration.movesInFlightMax)
        for move in busy { occupy(source: move.source, until: move.until) }
    }

    /// Puts a move into the earliest slot; returns when it would start and be ready.
    mutating func place(
        from source: InstanceID,
        lasting duration: Duration,
        notBefore: Timestamp
    ) -> (start: Timestamp, ready: Timestamp) {
        let slots = sourceFreeAt[source] ?? Array(repeating: now, count: perSourceMax)
        let start = max(notBefore, freeAt.min() ?? now, slots.min() ?? now)
        let ready = start + duration
        occupy(source: source, from: start, until: ready)
        return (start, ready)
    }

    private mutating func occupy(source: InstanceID, from start: Timestamp? = nil, until end: Timestamp) {
        var slots = sourceFreeAt[source] ?? Array(repeating: now, count: perSourceMax)
        Self.occupyLatest(in: &slots, from: start ?? now, until: end)
        Self.occupyLatest(in: &freeAt, from: start ?? now, until: end)
        sourceFreeAt[source] = slots
    }

    /// Of the slots that are free at `start`, the one that was taken longest, so that others stay free for earlier moves;
    /// the first to become free when there is none.
    private static func occupyLatest(in slots: inout [Timestamp], from start: Timestamp, until end: Timestamp) {
        let free = slots.indices.filter { slots[$0] <= start }
        let chosen = free.max { slots[$0] < slots[$1] } ?? slots.indices.min { slots[$0] < slots[$1] }
        guard let chosen else { return }
        slots[chosen] = max(slots[chosen], end)
    }
}
