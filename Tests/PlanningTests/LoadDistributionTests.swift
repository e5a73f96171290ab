import ClusterModel
import Testing

@testable import Planning

struct LoadDistributionTests {
    let distribution = LoadDistribution(
        [(0.1, 5.0), (0.5, 10), (0.9, 20)].map { QuantileValue(level: $0.0, value: $0.1) }
    )

    @Test func readsBetweenQuantilesLinearly() throws {
        let distribution = try #require(distribution)
        #expect(distribution.quantile(0.5) == 10)
        #expect(abs(distribution.quantile(0.7) - 15) < 1e-12)
        #expect(abs(distribution.probability(exceeding: 15) - 0.3) < 1e-12)
        #expect(abs(distribution.probability(exceeding: 10) - 0.5) < 1e-12)
    }

    @Test func continuesBeyondThemExponentially() throws {
        let distribution = try #require(distribution)
        // The tail has scale 10 / ln 5, so it loses a factor of five with every 10.
        #expect(abs(distribution.probability(exceeding: 30) - 0.02) < 1e-12)
        #expect(abs(distribution.quantile(0.98) - 30) < 1e-9)
        #expect(distribution.quantile(0.001) >= 0)
    }

    @Test func probabilityIsTheInverseOfTheQuantile() throws {
        let distribution = try #require(distribution)
        for level in stride(from: 0.02, through: 0.99, by: 0.01) {
            let exceeding = distribution.probability(exceeding: distribution.quantile(level))
            #expect(abs(exceeding - (1 - level)) < 1e-9, "level \(level)")
        }
    }

    /// The same numbers as in `Forecasting`'s QuantileCurveTests: a plan and the forecast behind it agree.
    @Test(
        arguments: [
            (-1.0, 1.0), (0, 0.975), (5, 0.964_644_660_940_673), (10, 0.95), (15, 0.925), (45, 0.375), (80, 0.01),
            (90, 0.002),
        ]
    )
    func agreesWithTheForecast(threshold: Double, probability: Double) throws {
        let levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
        let values = stride(from: 10.0, through: 80, by: 10)
        let quantiles = zip(levels, values).map { QuantileValue(level: $0, value: $1) }
        let curve = try #require(LoadDistribution(quantiles))
        #expect(abs(curve.probability(exceeding: threshold) - probability) < 1e-9)
        var cluster = ClusterBuilder()
        cluster.add("s1") { _ in 0 }
        cluster.changeSegment("s1") { $0.forecast = Array(repeating: curve, count: ClusterBuilder.stepCount) }
        let planned = Outlook(cluster.snapshot, configuration: .test()).aggregate(of: ["s1"])
        #expect(abs(planned.probability(exceeding: threshold, at: 0) - probability) < 1e-9)
    }

    @Test func oneQuantileIsCertainty() {
        let certain = LoadDistribution(certain: 7)
        #expect(certain.quantile(0.01) == 7 && certain.quantile(0.99) == 7)
        #expect(certain.probability(exceeding: 6.99) == 1 && certain.probability(exceeding: 7) == 0)
    }

    @Test func repairsWhatAForecastMayGetWrong() throws {
        let crossed = try #require(
            LoadDistribution([
                QuantileValue(level: 0.9, value: 3), QuantileValue(level: 0.5, value: 4),
                QuantileValue(level: 0.1, value: -1),
                QuantileValue(level: 0.7, value: .nan), QuantileValue(level: 1.5, value: 9),
            ])
        )
        #expect(crossed.quantiles.map(\.value) == [0, 4, 4])
        #expect(LoadDistribution([]) == nil)
        #expect(LoadDistribution([QuantileValue(level: 0.5, value: .infinity)]) == nil)
    }

    @Test func walksManyLevelsAsItReadsOne() throws {
        let distribution = try #require(distribution)
        let levels = [0.01, 0.1, 0.3, 0.5, 0.55, 0.9, 0.99]
        #expect(distribution.values(at: levels) == levels.map(distribution.quantile))
    }
}
