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
