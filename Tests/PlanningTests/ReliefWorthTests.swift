import ClusterModel
import Testing

@testable import Planning

/// Of 100 that home-1 carries 90 are asked for, over its threshold; for a while in the second hour perhaps more than 100.
struct ReliefWorthTests {
    private func plan(
        peak: Double, minutes: Int, policy: PlanningPolicy = .horizon, measured: Double? = nil,
        _ change: (inout Prices) -> Void = { _ in }
    ) -> Plan {
        var cluster = ClusterBuilder()
        for index in 1...4 {
            cluster.add(SegmentID("s\(index)"), measured: measured.map { $0 / 4 }, spread: 0.05, minutesToMove: 40) {
                (60..<60 + minutes).contains($0) ? peak / 4 : 20
            }
        }
        var configuration = PlanningConfiguration(for: .horizon)
        configuration.policy = policy
        configuration.mode = .auto
        change(&configuration.prices)
        var controller = ShardingController(configuration: configuration)
        // What is measured has to be measured repeatedly.
        return controller.plan(cluster, times: measured == nil ? 1 : 3)
    }

    @Test func whatIsNotExpectedOverCapacityIsLeftAlone() throws {
        let plan = plan(peak: 88, minutes: 20)
        #expect(plan.actions.isEmpty && !plan.overloads.isEmpty)
        let note = try #require(plan.notes(.notWorthIt).first)
        #expect(note.sentence.hasPrefix("home-1 is left as it is: 0.0"), "\(note.sentence)")
        #expect(note.sentence.contains("to relieve it costs"), "\(note.sentence)")
    }

    @Test func whatIsExpectedOverItIsMet() { #expect(!plan(peak: 130, minutes: 20).moved.isEmpty) }

    @Test func thePriceOfAnOverloadDecides() {
        #expect(plan(peak: 130, minutes: 20) { $0.overloadPerHour = 1 }.moved.isEmpty)
        #expect(!plan(peak: 130, minutes: 60) { $0.overloadPerHour = 5 }.moved.isEmpty)
    }

    @Test func otherPoliciesMeetEveryOverload() {
        #expect(!plan(peak: 88, minutes: 20, policy: .threshold).moved.isEmpty)
    }

    @Test func whatIsMeasuredIsMetWhateverItCosts() {
        #expect(!plan(peak: 88, minutes: 20, measured: 95) { $0.overloadPerHour = 0 }.moved.isEmpty)
    }

    @Test func anInstanceThatIsOursCostsNothingMore() {
        var cluster = ClusterBuilder()
        for index in 1...4 { cluster.add(SegmentID("s\(index)"), spread: 0.05) { $0 < 30 ? 24 : 15 } }
        func price(_ cluster: ClusterBuilder) -> Double? {
            var configuration = PlanningConfiguration(for: .horizon)
            configuration.mode = .auto
            let draft = PlanDraft(cluster.snapshot, configuration: configuration, memory: ControllerMemory())
            guard let source = cluster.instances.first else { return nil }
            return draft.worth(of: draft.selection(for: source), from: source).price
        }
        let leased = price(cluster)
        for id in ["contingent-1", "contingent-2"] as [InstanceID] {
            cluster.changeInstance(id) { $0.availability = .active }
        }
        let open = price(cluster)
        #expect(leased.map { $0 > 0.5 } == true && open.map { $0 < 0.5 } == true, "\(leased as Any), \(open as Any)")
    }
}
