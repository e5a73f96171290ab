/// What detections are worth to a user, after the application profiles of the Numenta Anomaly Benchmark
/// (Lavin and Ahmad, ICMLA 2015; its `config/profiles.json`).
package struct DetectionProfile: Sendable, Equatable {
    package let name: String
    package let truePositive: Double
    package let falsePositive: Double
    package let falseNegative: Double

    package static let all = [
        DetectionProfile(name: "standard", truePositive: 1, falsePositive: 0.11, falseNegative: 1),
        DetectionProfile(name: "reward_low_FP", truePositive: 1, falsePositive: 0.22, falseNegative: 1),
        DetectionProfile(name: "reward_low_FN", truePositive: 1, falsePositive: 0.11, falseNegative: 2),
    ]
}
