// The figures of a replay that are computed after it.
import ClusterModel
import Testing

@testable import Demonstration

private func hour(_ hours: Double) -> Timestamp { Timestamp(seconds: 1_000_000) + .seconds(hours * 3600) }

@Suite struct InstanceHoursTests {
    private func total(_ leased: [(at: Timestamp, count: Int)], homesPerContingent: Double = 2) -> Double {
        InstanceHours.total(
            homes: 2, leased: leased, homesPerContingent: homesPerContingent, from: hour(0), to: hour(10))
    }

    @Test func homesAreThereAllTheTime() {
        #expect(total([]) == 20)
        #expect(total([(hour(0), 0), (hour(9), 0)]) == 20)
    }

    @Test func aContingentCountsWithItsCapacity() {
        let leased = [(hour(0), 0), (hour(2), 1), (hour(5), 2), (hour(6), 0)].map { (at: $0, count: $1) }
        #expect(total(leased) == 20 + 2 * (3 + 2))
        #expect(total(leased, homesPerContingent: 1) == 20 + 5)
    }

    @Test func whatSettlesAfterTheTraceIsNotCounted() {
        #expect(total([(hour(9), 1), (hour(12), 1), (hour(15), 0)]) == 20 + 2)
        #expect(total([(hour(11), 2), (hour(12), 0)]) == 20)
    }
}

@Suite struct HomeComingTests {
    @Test func theLookAfterTheLastOneAwayCounts() {
        #expect(HomeComing.minutes(after: hour(5), away: []) == 0)
        #expect(HomeComing.minutes(after: hour(5), away: [(hour(1), 3), (hour(4), 0), (hour(6), 0)]) == 0)
        #expect(HomeComing.minutes(after: hour(5), away: [(hour(4), 0), (hour(4.5), 1), (hour(5.5), 0)]) == 30)
        #expect(HomeComing.minutes(after: hour(5), away: [(hour(4), 0), (hour(6), 1)]) == nil)
    }
}

@Suite struct MedianTests {
    @Test func isTheMiddle() {
        #expect([Double]().median == nil)
        #expect([3.0, 1, 2].median == 2)
        #expect([4.0, 1, 2, 3].median == 2.5)
    }
}
