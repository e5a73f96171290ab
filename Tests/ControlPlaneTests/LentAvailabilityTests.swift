// A lent member, as the planner sees it.
import ClusterModel
import ContingentPool
import Planning
import Routing
import Testing

@testable import ControlPlane

private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

private let lease = Lease(
    epoch: LeaseEpoch(1),
    terms: LeaseTerms(holder: "Ann", purpose: "x", term: .seconds(1000), notice: .seconds(100)), grantedAt: at(0))

@Suite struct LentAvailabilityTests {
    private func availability(
        _ state: PoolMemberState, claim: PoolHolder? = nil, at now: Timestamp, measured: [PoolTiming] = [],
        clock: ClusterClock = ClusterClock()
    ) throws -> Availability? {
        let home = instance("home-1", .home)
        let segment = Segment(id: "s1", group: "g", arc: HashArc.equalParts(1)[0])
        let group = ShardGroup(
            id: "g", keyType: .bigint, tables: [ShardedTable(table: TableName(name: "t"), keyColumn: "k")])
        let table = try QueryRoutingTable(
            epoch: .initial, groups: [group], segments: [segment], locations: ["s1": "home-1"])
        let member = PoolMember(id: "c1", provider: "p", zone: "z", state: state, claim: claim)
        let snapshot = SnapshotBuilder(
            now: now, table: table, homes: [home], homeOfSegment: [:], terms: SegmentTerms(),
            members: [(member: member, instance: instance("c1", .contingent))], readiness: ReadinessTimes(measured),
            recent: RecentUsage(span: .seconds(60)), round: nil, moves: [], holds: [:], freeze: nil,
            scheduledFreezes: [],
            latencyObjective: .seconds(1), timesToMove: [:], clock: clock
        ).build()
        return snapshot.instances.first { $0.id == "c1" }?.availability
    }

    private func instance(_ id: InstanceID, _ role: InstanceRole) -> Instance {
        Instance(
            id: id, role: role, zone: "z",
            endpoint: Endpoint(host: "h", port: 1, database: "d", user: "u", password: nil), capacity: Load(1),
            costPerHour: 1)
    }

    private let measured = [
        PoolTiming(provider: "p", operation: .cuttingOff, seconds: 1),
        PoolTiming(provider: "p", operation: .wiping, seconds: 2),
        PoolTiming(provider: "p", operation: .warming, seconds: 4),
    ]

    @Test func itIsObtainableAfterNoticeAndMeasuredReturn() throws {
        #expect(try availability(.leased(lease), at: at(10), measured: measured) == .obtainable(within: .seconds(107)))
        // The expiry comes first.
        #expect(try availability(.leased(lease), at: at(950), measured: measured) == .obtainable(within: .seconds(57)))
        #expect(
            try availability(.leased(lease), at: at(10)) == .obtainable(within: .seconds(145)),
            "a guess on the safe side")
    }

    @Test func whatIsClaimedIsArriving() throws {
        let revocation = Revocation(
            of: lease, because: .needed(.controller), orderedAt: at(10), deadline: at(110))
        #expect(
            try availability(.revoking(revocation), at: at(60), measured: measured) == .obtainable(within: .seconds(57))
        )
        #expect(
            try availability(.revoking(revocation), claim: .controller, at: at(60), measured: measured)
                == .arriving(within: .seconds(57)))
        #expect(
            try availability(.ending(revocation), claim: .controller, at: at(200), measured: measured)
                == .arriving(within: .seconds(7)))
        #expect(
            try availability(.warming, claim: .controller, at: at(200), measured: measured)
                == .arriving(within: .seconds(4)))
        #expect(try availability(.reserved(.controller), at: at(200)) == .active)
    }

    @Test func measuredTimesAreRealAndNoticesAreNot() throws {
        let fast = ClusterClock(waitingAt: at(0), acceleration: 10)
        #expect(
            try availability(.leased(lease), at: at(10), measured: measured, clock: fast)
                == .obtainable(within: .seconds(170)))
    }
}
