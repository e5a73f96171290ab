import ClusterModel
import Migration
import Planning
import Testing

@testable import ControlPlane

/// Segment a moved from home-1 to contingent-1; c stayed at home-2. A minute for each interval.
struct MoveWatchingTests {
    private func at(_ minute: Double) -> Timestamp { Timestamp(seconds: Int64(60 * minute)) }

    private func usage(_ seconds: Double) -> SegmentUsage {
        var usage = SegmentUsage()
        usage.statements = 20
        for _ in 0..<20 { usage.latency.record(seconds: seconds) }
        return usage
    }

    private func moved() -> MoveService.Tracked {
        let group = ShardGroup(
            id: "shop", keyType: .bigint, tables: [ShardedTable(table: TableName(name: "orders"), keyColumn: "k")])
        let order = MoveOrder(
            id: "m1", group: group, segment: Segment(id: "a", group: "shop", arc: HashArc.equalParts(4)[0]),
            source: "home-1",
            target: "contingent-1")
        return MoveService.Tracked(
            record: MoveRecord(order: order, term: 1, epoch: .initial), startedAt: at(0), watch: MoveWatch(),
            lastSample: at(0), work: nil)
    }

    private let placement: [InstanceID: [SegmentID]] = ["contingent-1": ["a"], "home-2": ["c"]]

    /// Intervals end at the full minute and are there a few seconds later, when the watch has already looked.
    @Test func intervalsThatAreAddedAfterTheLookAreSeen() {
        var (move, recent) = (moved(), RecentUsage(span: .seconds(120)))
        for minute in 1...20 {
            move.look(at: recent, placement: placement, now: at(Double(minute) + 0.05))
            recent.add(
                ["a": usage(minute <= 10 ? 0.01 : 0.05), "c": usage(0.01)], end: at(Double(minute)),
                length: .seconds(60))
            if minute == 10 { move.cutOverCompleted(at: at(10.1)) }
        }
        guard case .revert(let evidence) = move.watch.verdict else {
            Issue.record("five times as slow, and kept: \(move.watch.verdict)")
            return
        }
        #expect(evidence.reason == .latency && evidence.samplesAfter >= 5, "\(evidence)")
    }

    @Test func withoutMeasurementsTheWatchEndsAtItsDeadline() {
        var move = moved()
        move.cutOverCompleted(at: at(1))
        move.look(at: RecentUsage(span: .seconds(120)), placement: placement, now: at(17))
        guard case .keep(let evidence) = move.watch.verdict else {
            Issue.record("no verdict after the deadline: \(move.watch.verdict)")
            return
        }
        #expect(evidence.reason == .deadline)
    }
}
