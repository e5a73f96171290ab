import ClusterModel
import Planning
import Testing

@testable import ControlPlane

/// Three segments, of which a takes 10 ms, b 20 ms and c half a second; a minute for each placement.
struct WatchPastTests {
    private func at(_ minute: Int) -> Timestamp { Timestamp(seconds: Int64(60 * minute)) }

    private func usage(_ seconds: Double) -> SegmentUsage {
        var usage = SegmentUsage()
        usage.statements = 20
        for _ in 0..<20 { usage.latency.record(seconds: seconds) }
        return usage
    }

    private func past(_ placements: [[InstanceID: [SegmentID]]]) -> WatchPast {
        var (past, recent) = (WatchPast(), RecentUsage(span: .seconds(120)))
        for (minute, placement) in placements.enumerated() {
            recent.add(
                ["a": usage(0.01), "b": usage(0.02), "c": usage(0.5)], end: at(minute + 1), length: .seconds(60))
            past.add(recent, placement: placement)
        }
        return past
    }

    private let apart: [InstanceID: [SegmentID]] = ["home-1": ["a", "b"], "home-2": ["c"]]

    private func near(_ seconds: Double?, _ expected: Double) -> Bool {
        seconds.map { abs($0 / expected - 1) < 0.2 } ?? false
    }

    @Test func theSegmentAgainstWhatIsElsewhere() {
        let samples = past([apart, apart]).samples(of: "a", leaving: "home-1")
        #expect(samples.map(\.at) == [at(1), at(2)])
        for sample in samples {
            #expect(sample.moved.statements == 20 && near(sample.moved.p99Seconds, 0.01), "\(sample)")
            #expect(sample.unmoved.statements == 20 && near(sample.unmoved.p99Seconds, 0.5), "\(sample)")
        }
    }

    @Test func onlyWhileItWasThere() {
        let together: [InstanceID: [SegmentID]] = ["home-1": ["b"], "home-2": ["a", "c"]]
        #expect(past([together, apart, apart]).samples(of: "a", leaving: "home-1").map(\.at) == [at(2), at(3)])
        #expect(past([apart]).samples(of: "a", leaving: "home-3").isEmpty)
    }

    /// The meter adds an interval after its end, before or after the watch looks: it counts once in either case.
    @Test func anIntervalThatComesLateCountsOnce() {
        var (past, recent) = (WatchPast(), RecentUsage(span: .seconds(120)))
        for minute in 1...3 {
            past.add(recent, placement: apart)
            recent.add(["a": usage(0.01), "c": usage(0.5)], end: at(minute), length: .seconds(60))
            past.add(recent, placement: apart)
            past.add(recent, placement: apart)
        }
        let samples = past.samples(of: "a", leaving: "home-1")
        #expect(samples.map(\.at) == [at(1), at(2), at(3)])
        #expect(samples.allSatisfy { $0.moved.statements == 20 })
    }

    @Test func boundedToTheLastIntervals() {
        let samples = past(Array(repeating: apart, count: 15)).samples(of: "a", leaving: "home-1")
        #expect(samples.count == WatchPast.intervalsMax && samples.last?.at == at(15))
    }

    /// What a copy within one interval leaves too little of.
    @Test func itIsBaselineEnoughForAVerdict() {
        var watch = MoveWatch()
        let samples = past(Array(repeating: apart, count: 10)).samples(of: "a", leaving: "home-1")
        for sample in samples { _ = watch.sampled(sample) }
        watch.cutOverCompleted(at: at(10))
        for minute in 11...16 {
            let slow = CohortSample(statements: 20, p99Seconds: 0.03)
            _ = watch.sampled(
                WatchSample(at: at(minute), moved: slow, unmoved: CohortSample(statements: 20, p99Seconds: 0.5)))
        }
        guard case .revert(let evidence) = watch.verdict else {
            Issue.record("three times as slow, and kept: \(watch.verdict)")
            return
        }
        #expect(evidence.reason == .latency)
    }
}
