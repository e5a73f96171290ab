import Planning

/// One other way to set a policy, for the picture of hours against violations.
package struct BacktestVariation: Sendable {
    package let policy: BacktestPolicy
    package let name: String
    let change: @Sendable (inout PlanningConfiguration) -> Void

    /// Thresholds for the threshold policy; how much certainty is bought for the horizon policy.
    package static let all: [BacktestVariation] =
        [0.6, 0.7, 0.8, 0.9, 0.95].map { threshold in
            BacktestVariation(policy: .threshold, name: "threshold \(threshold)") {
                $0.overloadThreshold = threshold
                $0.reliefTarget = 0.875 * threshold
                $0.returnThreshold = 0.75 * threshold
            }
        }
        + [(0.6, 0.75), (0.66, 0.75), (0.72, 0.9), (0.78, 0.75), (0.84, 0.75), (0.84, 0.6)].map { target, quantile in
            BacktestVariation(policy: .horizon, name: "target \(target) at quantile \(quantile)") {
                $0.reliefTarget = target
                $0.overloadThreshold = min(0.98, target + 0.1)
                $0.gatherLimit = target - 0.07
                $0.planningQuantile = quantile
            }
        }
}

extension BacktestWorld {
    /// The same world for a policy that is set otherwise.
    package func varied(_ variation: BacktestVariation) -> BacktestWorld {
        var world = self
        if variation.policy == .horizon {
            variation.change(&world.settings.horizon)
        } else {
            variation.change(&world.settings.planning)
        }
        return world
    }
}
