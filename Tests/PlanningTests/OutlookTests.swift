import ClusterModel
import Testing

@testable import Planning

struct OutlookTests {
    let configuration = PlanningConfiguration.test()

    @Test func mediansAddAndSurprisesPartlyCancel() {
        var cluster = ClusterBuilder()
        cluster.add("s1", spread: 0.3) { _ in 10 }
        cluster.add("s2", spread: 0.4) { _ in 10 }
        let outlook = Outlook(cluster.snapshot, configuration: configuration)
        let sum = outlook.aggregate(of: ["s1", "s2"])
        #expect(sum.medians[0] == 20)
        // Correlation one half: sqrt((7^2 + 3^2 + 4^2) / 2) = sqrt(37), between 5 (independent) and 7 (alike).
        #expect(abs(sum.deviation(outlook.grid.planning, at: 0) - 37.0.squareRoot()) < 1e-9)
    }

    @Test func aggregatesForgetWhatLeaves() {
        var cluster = ClusterBuilder()
        for index in 1...5 { cluster.add(SegmentID("s\(index)"), spread: 0.1 * Double(index)) { Double($0 + index) } }
        let outlook = Outlook(cluster.snapshot, configuration: configuration)
        var changed = outlook.aggregate(of: cluster.segments.map(\.id))
        let asked = changed.quantile(outlook.grid.planning, at: 3, changedBy: outlook["s4"], sign: -1)
        changed.remove(outlook["s4"])
        let fresh = outlook.aggregate(of: ["s1", "s2", "s3", "s5"])
        for level in outlook.grid.levels.indices {
            #expect(abs(changed.quantile(level, at: 3) - fresh.quantile(level, at: 3)) < 1e-9)
        }
        #expect(abs(asked - fresh.quantile(outlook.grid.planning, at: 3)) < 1e-9)
    }

    @Test func segmentsAddUpToTheirInstancesForecast() {
        var cluster = ClusterBuilder()
        cluster.add("s1", spread: 0.5) { _ in 10 }
        cluster.add("s2", spread: 0.3) { _ in 30 }
        let total = ClusterBuilder.distribution(60, spread: 0.1)
        cluster.changeInstance("home-1") { $0.forecast = Array(repeating: total, count: ClusterBuilder.stepCount) }
        let outlook = Outlook(cluster.snapshot, configuration: configuration)
        let sum = outlook.aggregate(of: ["s1", "s2"])
        for (level, probability) in outlook.grid.levels.enumerated() {
            #expect(abs(sum.quantile(level, at: 5) - total.quantile(probability)) < 1e-6)
        }
        #expect(abs(outlook["s1"].medians[0] - 15) < 1e-9, "the medians keep their proportion")
    }

    @Test func aSegmentWithoutForecastTakesItsShareOfTheInstances() {
        var cluster = ClusterBuilder()
        cluster.add("s1", measured: 5) { _ in 0 }
        cluster.add("s2", measured: 15) { _ in 0 }
        for id in ["s1", "s2"] as [SegmentID] { cluster.changeSegment(id) { $0.forecast = [] } }
        cluster.changeInstance("home-1") {
            $0.forecast = Array(
                repeating: ClusterBuilder.distribution(80, spread: 0.2),
                count: ClusterBuilder.stepCount
            )
        }
        let outlook = Outlook(cluster.snapshot, configuration: configuration)
        #expect(abs(outlook["s1"].medians[0] - 20) < 1e-9)
        let sum = outlook.aggregate(of: ["s1", "s2"])
        #expect(abs(sum.quantile(outlook.grid.planning, at: 0) - 96) < 1e-6)
    }

    @Test func withoutAnyForecastTheMeasurementStands() {
        var cluster = ClusterBuilder()
        cluster.add("s1", measured: 5) { _ in 50 }
        cluster.changeSegment("s1") { $0.forecast = [] }
        #expect(Outlook(cluster.snapshot, configuration: configuration)["s1"].medians.allSatisfy { $0 == 5 })
        let reactive = PlanningConfiguration.test { $0.policy = .reactive }
        cluster.segments = []
        cluster.add("s1", measured: 5) { _ in 50 }
        #expect(Outlook(cluster.snapshot, configuration: reactive)["s1"].medians.allSatisfy { $0 == 5 })
    }

    @Test func stepsOfThePastAreSkipped() {
        var cluster = ClusterBuilder()
        cluster.add("s1") { Double($0) }
        var snapshot = cluster.snapshot
        snapshot.now = snapshot.now + .seconds(11 * 60)
        let outlook = Outlook(snapshot, configuration: configuration)
        #expect(outlook.horizon.count == ClusterBuilder.stepCount - 2)
        #expect(outlook["s1"].medians[0] == 10)
        #expect(outlook.horizon.start(of: 0) == snapshot.now)
    }
}
