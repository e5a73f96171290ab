import ClusterModel
import Testing

@testable import Planning

/// Both homes and contingent-2 are in zone a, contingent-1 is in b. Capacity 100: the target is 70.
struct AntiAffinityTests {
    private func cluster(_ change: (inout ClusterBuilder) -> Void = { _ in }) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for (index, share) in [0.4, 0.3, 0.2, 0.1].enumerated() {
            cluster.add(SegmentID("s\(index + 1)")) { share * ($0 < 30 ? 40 : 100) }
        }
        change(&cluster)
        return cluster
    }

    private func plan(_ cluster: ClusterBuilder, _ antiAffinity: AntiAffinity) -> Plan {
        var controller = ShardingController(configuration: .test { $0.antiAffinity = antiAffinity })
        return controller.plan(cluster.snapshot)
    }

    @Test(arguments: [(AntiAffinity.prefer, "contingent-1"), (.require, "contingent-1"), (.off, "contingent-2")])
    func anotherZoneIsPreferredOrRequiredOrNeither(antiAffinity: AntiAffinity, expected: String) {
        // Without regard to zones the cheaper one is better.
        let cluster = cluster { $0.changeInstance("contingent-2") { $0.costPerHour = 0.5 } }
        #expect(plan(cluster, antiAffinity).directives.map(\.destination.text) == [expected])
    }

    @Test func theSameZoneIsTakenWhenThereIsNoOtherUnlessForbidden() throws {
        let cluster = cluster { $0.changeInstance("contingent-1") { $0.availability = .unavailable(reason: "ill") } }
        #expect(plan(cluster, .prefer).directives.map(\.destination) == ["contingent-2"])
        let refused = plan(cluster, .require)
        #expect(refused.directives.isEmpty && refused.kinds.isEmpty)
        let note = try #require(refused.notes(.zoneForbidden).first)
        #expect(note.outcome == .refuse && note.source == "home-1")
        #expect(note.sentence.contains("no instance of the pool is in another zone than the homes (a)"))
        #expect(note.sentence.contains("pool.anti_affinity is require"))
        let because = note.alternatives.first { $0.instance == "contingent-2" }?.rejectedBecause
        #expect(because?.contains("is in zone a as the segment's home is") == true, "\(note.alternatives)")
    }

    @Test func aDecisionSaysWhichInstancesTheZoneForbade() throws {
        let act = try #require(plan(cluster(), .require).actions.first { $0.directive != nil })
        let forbidden = try #require(act.record.alternatives.first { $0.instance == "contingent-2" })
        #expect(forbidden.rejectedBecause == "is in zone a as its home is (pool.anti_affinity: require)")
    }

    /// The zone that counts is that of the home, not of where the segment is.
    @Test func itsHomeDecidesForASegmentThatIsAway() {
        let away = cluster { cluster in
            cluster.instances.append(
                InstanceSnapshot(id: "contingent-3", role: .contingent, zone: "c", capacity: 100, costPerHour: 9))
            cluster.changeInstance("contingent-1") { $0.availability = .active }
            for segment in ["s1", "s2", "s3", "s4"] {
                cluster.changeSegment(SegmentID(segment)) { $0.owner = "contingent-1" }
            }
        }
        #expect(plan(away, .prefer).directives.first?.destination == "contingent-2")
        #expect(plan(away, .require).directives.first?.destination == "contingent-3")
    }
}
