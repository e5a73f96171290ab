// When everything is hot, the limits of single instances give way to what all instances together allow. Were the load
// spread evenly, each would be filled to the same share; a target below that share can only carry an overload about.
// Invariant: limits only rise, the distance between target and threshold stays, and none rises over `limitMax`.

extension PlanningConfiguration {
    /// How much fuller than an even spread an instance may be: segments are not divisible.
    private static let unevenness = 0.05
    private static let limitMax = 0.97

    /// - Parameter share: the load of all segments at the worst step, at the planning quantile, over the capacity of all
    ///   instances that are ours or to be had.
    func adjusted(toSystemLoad share: Double) -> PlanningConfiguration {
        let rise = min(share + Self.unevenness - reliefTarget, Self.limitMax - overloadThreshold)
        guard rise > 0 else { return self }
        var adjusted = self
        adjusted.reliefTarget += rise
        adjusted.overloadThreshold += rise
        return adjusted
    }
}
