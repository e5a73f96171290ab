import ClusterModel
import Testing

@testable import Planning

/// What a team allows: moves per hour, spending per hour, limits of single instances when everything is hot.
struct LimitTests {
    private func hot(peak: Double = 120) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for (index, share) in [0.4, 0.3, 0.2, 0.1].enumerated() {
            cluster.add(SegmentID("s\(index + 1)")) { _ in share * peak }
        }
        return cluster
    }

    private func controller(_ change: (inout PlanningConfiguration) -> Void) -> ShardingController {
        ShardingController(configuration: .test(change))
    }

    @Test func movesPerHourAreCounted() throws {
        var cluster = hot(peak: 160)
        var controller = controller { $0.movesPerHourMax = 1 }
        let first = controller.plan(cluster.snapshot)
        #expect(first.moved == ["s1"])
        let refusal = try #require(first.notes(.moveLimit).first)
        #expect(refusal.sentence.contains("1 moves began within the last hour"), "\(refusal.sentence)")

        cluster.addMove("s1", to: "contingent-1", .preparing, startedMinutesAgo: 0)
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        #expect(controller.plan(cluster.snapshot).moved.isEmpty)
        // The move is over, and the hour is not.
        cluster.moves = []
        cluster.changeSegment("s1") { $0.owner = "contingent-1" }
        cluster.now = cluster.now + .seconds(3599)
        #expect(controller.plan(cluster.snapshot).moved.isEmpty)
        cluster.now = cluster.now + .seconds(1)
        #expect(controller.plan(cluster.snapshot).moved == ["s3"])
    }

    @Test func aMoveThatWasBegunIsSwitchedAndUndoneWhateverTheLimit() {
        var cluster = hot()
        cluster.addMove("s1", to: "contingent-1", .ready)
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        var controller = controller { $0.movesPerHourMax = 1 }
        #expect(controller.plan(cluster.snapshot).kinds.contains(.cutOver("m-s1")))
    }

    @Test func homecomingsCountToo() {
        var cluster = ClusterBuilder()
        cluster.add("s1", owner: "contingent-1") { _ in 10 }
        cluster.add("s2", owner: "contingent-1") { _ in 10 }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        var controller = controller { $0.movesPerHourMax = 1 }
        let plan = controller.plan(cluster, times: 3)
        #expect(plan.moved.count == 1)
        #expect(plan.notes(.moveLimit).count == 1)
    }

    @Test func whatCostsTooMuchIsNotLeased() throws {
        var controller = controller { $0.contingentCostPerHourMax = 0.9 }
        let plan = controller.plan(hot().snapshot)
        #expect(plan.actions.isEmpty)
        let refusal = try #require(plan.notes(.noTarget).first)
        #expect(
            refusal.alternatives.contains {
                $0.rejectedBecause.contains("costs 1.00 an hour more; 0.00 of 0.90 are spent")
            }, "\(refusal)")
    }

    @Test func whatIsOursAlreadyIsUsedUp() {
        var cluster = hot()
        cluster.changeInstance("contingent-2") { $0.availability = .active }
        var controller = controller { $0.contingentCostPerHourMax = 1 }
        let plan = controller.plan(cluster.snapshot)
        #expect(Set(plan.directives.map(\.destination)) == ["contingent-2"])
        #expect(!plan.kinds.contains(.lease("contingent-1")))
    }

    /// Both homes need an instance; money is there for one.
    @Test func spendingIsCountedWithinAPlan() {
        var cluster = ClusterBuilder()
        for (segment, home) in [("a", "home-1"), ("b", "home-2")] as [(SegmentID, InstanceID)] {
            cluster.add(segment, home: home) { _ in 60 }
            cluster.add(SegmentID("\(segment)2"), home: home) { _ in 60 }
        }
        var controller = controller { $0.contingentCostPerHourMax = 1.5 }
        let plan = controller.plan(cluster.snapshot)
        let leases = plan.kinds.filter { if case .lease = $0 { true } else { false } }
        #expect(leases.count == 1)
        #expect(Set(plan.directives.map(\.destination)).count == 1)
    }

    @Test(arguments: [(0.5, 0.7, 0.8), (0.66, 0.71, 0.81), (0.8, 0.85, 0.95), (2, 0.87, 0.97)])
    func limitsRiseWithTheLoadOfAll(share: Double, target: Double, threshold: Double) {
        let adjusted = PlanningConfiguration().adjusted(toSystemLoad: share)
        #expect(abs(adjusted.reliefTarget - target) < 1e-9)
        #expect(abs(adjusted.overloadThreshold - threshold) < 1e-9)
        #expect(adjusted.problems.isEmpty)
    }

    /// All four instances are asked for 84 of 100: nothing that moves would help.
    @Test func whenAllAreEquallyHotNothingMoves() {
        var cluster = ClusterBuilder()
        for instance in cluster.instances.map(\.id) {
            let home: InstanceID = instance == "home-2" ? "home-2" : "home-1"
            for part in 1...4 { cluster.add(SegmentID("\(instance)-\(part)"), home: home, owner: instance) { _ in 21 } }
            cluster.changeInstance(instance) { $0.availability = .active }
        }
        var controller = controller { _ in }
        #expect(controller.plan(cluster, times: 3).actions.isEmpty)
    }

    @Test func whoAsksIsToldWhyASegmentStays() throws {
        var cluster = hot(peak: 60)
        var controller = controller { _ in }
        _ = controller.plan(cluster.snapshot)
        let stays = try #require(controller.reasonToStay(of: "s2", in: cluster.snapshot))
        for part in ["s2 stays on home-1", "exceeds 80.00 (capacity 100.00)", "probability 0 %", "from 20 %", "20 min"]
        {
            #expect(stays.contains(part), "\(part): \(stays)")
        }
        cluster.freezes = [Freeze(start: cluster.now, end: cluster.now + .seconds(600), reason: "backup")]
        #expect(controller.reasonToStay(of: "s2", in: cluster.snapshot)?.contains("frozen until") == true)
        cluster.addMove("s2", to: "contingent-1", .ready)
        #expect(controller.reasonToStay(of: "s2", in: cluster.snapshot)?.contains("is in move m-s2") == true)
        #expect(controller.reasonToStay(of: "nobody", in: cluster.snapshot) == nil)
    }
}
