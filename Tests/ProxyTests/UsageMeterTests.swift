import ClusterModel
import Testing

@testable import Proxy

@Suite struct UsageMeterTests {
    private func batch(busy: Double) -> BatchUsage {
        var usage = BatchUsage()
        usage.statements = 1
        usage.busySeconds = busy
        return usage
    }

    @Test func whileTheInstanceKeepsUpTheOfferedLoadIsTheBusyTime() {
        var meter = UsageMeter()
        for busy in [1.0, 3] {
            meter.arrived(for: ["a"])
            meter.record(batch(busy: busy), segments: ["a"])
        }
        #expect(meter.drain()["a"]?.offeredSeconds == 4)
        #expect(meter.drain().isEmpty)
    }

    @Test func batchesThatWaitAreOffered() {
        var meter = UsageMeter()
        for _ in 1...5 { meter.arrived(for: ["a"]) }
        for _ in 1...2 { meter.record(batch(busy: 0.5), segments: ["a"]) }
        let full = meter.drain()["a"]
        #expect(full?.busySeconds == 1)
        #expect(full?.offeredSeconds == 2.5)

        // The backlog is answered: busy, but nothing new was asked.
        for _ in 1...3 { meter.record(batch(busy: 0.5), segments: ["a"]) }
        let after = meter.drain()["a"]
        #expect(after?.busySeconds == 1.5)
        #expect(after?.offeredSeconds == 0)

        // Nothing ended: what a batch needs is known from before.
        for _ in 1...4 { meter.arrived(for: ["a"]) }
        #expect(meter.drain()["a"]?.offeredSeconds == 2)
    }

    @Test func sharesAreEven() {
        var meter = UsageMeter()
        meter.arrived(for: ["a", "b"])
        meter.record(batch(busy: 1), segments: ["a", "b"])
        let usage = meter.drain()
        #expect(usage["a"]?.offeredSeconds == 0.5)
        #expect(usage["b"]?.offeredSeconds == 0.5)
    }
}
