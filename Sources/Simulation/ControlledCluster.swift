// A virtual cluster and its controller, advanced together: at once in a simulated run, in pieces in a back-test.

import ClusterModel
import Planning

/// What was forecast at one moment.
package struct IssuedForecasts: Sendable {
    /// The ends of the steps; empty without a forecast.
    package var steps: [Timestamp] = []
    /// One distribution for each step.
    package var segments: [SegmentID: [LoadDistribution]] = [:]
    /// The forecasts of instances' sums, with the segments that were added up.
    package var instances: [InstanceID: (segments: Set<SegmentID>, steps: [LoadDistribution])] = [:]

    package init() {}

    package init(steps: [Timestamp], segments: [SegmentID: [LoadDistribution]]) {
        self.steps = steps
        self.segments = segments
    }
}

package struct ControlledCluster: Sendable {
    private var cluster: VirtualCluster
    private var controller: ShardingController
    /// Every plan that did something.
    package private(set) var plans: [Plan] = []

    package init(_ scenario: Scenario) {
        cluster = VirtualCluster(scenario)
        controller = ShardingController(configuration: scenario.planning)
    }

    package var now: Timestamp { cluster.now }
    package var outcome: Outcome { cluster.outcome }
    package var isAtItsEnd: Bool { cluster.now >= cluster.scenario.end }

    /// The segments of each instance that has any.
    package var placement: [InstanceID: Set<SegmentID>] {
        Dictionary(grouping: cluster.scenario.truth.segments) { cluster.owners[$0] ?? "" }.mapValues { Set($0) }
    }

    /// What the instances that are ours carry together at their objective.
    package var capacity: Double { cluster.instances.filter(\.isOurs).reduce(0) { $0 + $1.capacity } }

    package var instanceCount: Int { cluster.instances.count(where: \.isOurs) }

    /// Plans and lets time pass, with forecasts that were issued now or earlier.
    package mutating func advance(until end: Timestamp, forecasts: IssuedForecasts) {
        while cluster.now < end {
            if cluster.now.isMultiple(of: cluster.scenario.planEvery) {
                cluster.sampleWatches()
                let plan = controller.plan(cluster.snapshot(of: forecasts))
                if !plan.actions.isEmpty { plans.append(plan) }
                cluster.obey(plan)
                cluster.check(plan)
            }
            cluster.tick()
        }
    }

    /// What was so far counts no more.
    package mutating func countAnew() {
        cluster.countAnew()
        plans = []
    }

    /// The outcome with what is known only at the end.
    package func finished() -> Outcome {
        var cluster = cluster
        cluster.sumUp()
        return cluster.outcome
    }
}

extension Timestamp {
    func isMultiple(of step: Duration) -> Bool { floored(to: step) == self }
}
