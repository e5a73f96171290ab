// The loads of scenarios: what their functions promise.
import ClusterModel
import Testing

@testable import Demonstration

private let stage = Stage.scenario(minutes: 120, acceleration: 60)

@Suite struct DemandTests {
    private let flat = Demand { _ in 0.4 }

    @Test func anOrdinaryDayStaysWithinATenth() {
        let shares = (0..<1440).map { Demand.everyday(0.5).share(stage.minute($0)) }
        #expect(shares.allSatisfy { (0.45...0.55).contains($0) })
        #expect(Demand.everyday(0.5).share(stage.minute(0)) == Demand.everyday(0.5).share(stage.minute(1440)))
    }

    @Test func aRiseIsALineAndThenALevel() {
        let demand = flat.rising(to: 1.2, from: stage.minute(10), until: stage.minute(20))
        let found = [0, 10, 15, 20, 90].map { demand.share(stage.minute($0)) }
        for (share, expected) in zip(found, [0.4, 0.4, 0.8, 1.2, 1.2]) { #expect(abs(share - expected) < 1e-9) }
        #expect(demand.first(above: 1, in: stage) == stage.minute(18))
        #expect(flat.first(above: 1, in: stage) == nil)
    }

    @Test func aWaveBeginsAtItsStart() {
        let demand = flat.swinging(around: 0.7, by: 0.2, period: .seconds(2400), from: stage.minute(5))
        #expect(demand.share(stage.minute(4)) == 0.4)
        #expect(abs(demand.share(stage.minute(15)) - 0.9) < 1e-9)
        #expect(abs(demand.share(stage.minute(35)) - 0.5) < 1e-9)
    }

    @Test func aCrowdComesInTheRampAndGoesInIt() {
        let demand = flat.crowded(to: 1, in: [(stage.minute(30), stage.minute(60))], ramp: .seconds(600))
        let found = [0, 20, 25, 30, 60, 65, 70].map { demand.share(stage.minute($0)) }
        for (share, expected) in zip(found, [0.4, 0.4, 0.7, 1, 1, 0.7, 0.4]) { #expect(abs(share - expected) < 1e-9) }
    }

    @Test func historyAndCurveAreTheDemand() {
        let layout = ShopLayout(stage)
        let load = flat.load(stage, layout, events: [])
        #expect(abs(layout.shares.values.reduce(0, +) - 1) < 1e-6)
        #expect(load.history.count == stage.segments)
        #expect(load.history.values.allSatisfy { $0.end == stage.start && $0.start == stage.historyStart })
        let sum = load.history.values.reduce(0) { $0 + ($1[stage.start - .seconds(600)] ?? 0) }
        #expect(abs(sum - 0.4 * layout.fullLoad(stage)) < 0.1 * layout.fullLoad(stage))
        #expect((Double(stage.homeConnections)...stage.homesCapacity).contains(layout.fullLoad(stage)))
        #expect(abs(load.curve.duration - stage.realSeconds) < 1e-9)
        #expect(load.curve.rates.allSatisfy { abs($0 * stage.busySeconds - 0.4 * layout.fullLoad(stage)) < 1e-9 })
    }

    @Test(arguments: Scenario.all.map(\.name))
    func aScenarioIsShortAndAsksForSomething(name: String) throws {
        let scenario = try #require(try Scenario.named(name).first)
        #expect(scenario.stage.realSeconds <= 100)
        #expect(!scenario.summary.isEmpty)
        let rates = scenario.demand.load(scenario.stage, ShopLayout(scenario.stage), events: scenario.events).curve
            .rates
        #expect(rates.allSatisfy { $0 >= 0 && $0.isFinite })
    }

    @Test func namesAreUniqueAndAWrongOneIsToldTheOthers() throws {
        #expect(Set(Scenario.all.map(\.name)).count == Scenario.all.count)
        #expect(try Scenario.named("all").count == Scenario.all.count)
        #expect {
            try Scenario.named("flood")
        } throws: {
            "\($0)".contains("`flood`") && "\($0)".contains("flash-crowd")
        }
    }
}
