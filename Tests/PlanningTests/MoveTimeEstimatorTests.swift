import Planning
import Testing

struct MoveTimeEstimatorTests {
    @Test func doubtsItsModelUntilSomethingWasMeasured() {
        let estimator = MoveTimeEstimator()
        // 10 s fixed and 100 MB at 10 MB/s, doubled.
        #expect(estimator.timeToMove(rows: 1000, bytes: 100_000_000) == .seconds(40))
        #expect(estimator.timeToMove(rows: 0, bytes: 0) == .seconds(20))
    }

    @Test func rowsCanBeTheBottleneck() {
        #expect(MoveTimeEstimator().timeToMove(rows: 1_000_000, bytes: 1000) == .seconds(60))
    }

    @Test func coversNinetyFivePercentOfWhatItSaw() {
        var estimator = MoveTimeEstimator()
        // Modelled at 20 s; measured 1 % to 40 % above, the order does not matter.
        for index in 0..<40 {
            let excess = 1 + Double(index * 7 % 40 + 1) / 100
            estimator.moveMeasured(rows: 0, bytes: 100_000_000, duration: .seconds(20 * excess))
        }
        let estimate = estimator.timeToMove(rows: 0, bytes: 100_000_000)
        #expect(abs((estimate - .seconds(27.8)) / .seconds(1)) < 1e-9)
    }

    @Test func fewMeasurementsAreStretched() {
        var estimator = MoveTimeEstimator()
        estimator.moveMeasured(rows: 0, bytes: 100_000_000, duration: .seconds(20))
        let one = estimator.timeToMove(rows: 0, bytes: 100_000_000)
        #expect(one > .seconds(38) && one < .seconds(40))
        for _ in 0..<18 { estimator.moveMeasured(rows: 0, bytes: 100_000_000, duration: .seconds(20)) }
        #expect(estimator.timeToMove(rows: 0, bytes: 100_000_000) == .seconds(20))
    }

    @Test func forgetsTheOldAndIgnoresTheAbsurd() {
        var estimator = MoveTimeEstimator()
        estimator.moveMeasured(rows: 0, bytes: 0, duration: .zero)
        #expect(estimator.sampleCount == 0)
        for _ in 0..<100 { estimator.moveMeasured(rows: 0, bytes: 0, duration: .seconds(100)) }
        #expect(estimator.sampleCount == 64)
        for _ in 0..<64 { estimator.moveMeasured(rows: 0, bytes: 0, duration: .seconds(10)) }
        #expect(estimator.timeToMove(rows: 0, bytes: 0) == .seconds(10))
    }
}
