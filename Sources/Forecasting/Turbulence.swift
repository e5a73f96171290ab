// Misses come in spells: while a storm or a campaign shakes a load, every forecast of it is off by more, and in a quiet
// week by less. So residuals are kept in units of the turbulence of their time, and intervals are as wide as that of the
// present asks for (normalised conformal prediction, Papadopoulos et al. 2008). The square root, because the last hour
// is little evidence: half of what it says is believed.

#if canImport(Glibc)
    import Glibc
#endif

/// How large the misses of one source of paths are now, relative to those of the last days.
struct Turbulence: Sendable {
    /// Steps after which a miss counts half.
    private static let halfLife = 12.0
    private static let memoryDays = 7.0
    /// Misses before anything is said.
    private static let missesMin = 24.0
    /// One miss counts at most as so many usual ones.
    private static let missMax = 10.0
    private static let bounds = 0.4...3.0

    private var usual = 0.0
    private var recent = 0.0
    private var count = 0.0

    /// Takes in by how much the newest forecast missed a step, in the models' scale.
    mutating func record(_ miss: Double, stepsPerDay: Int) {
        count += 1
        usual += max(1 / count, 1 / (Self.memoryDays * Double(stepsPerDay))) * (abs(miss) - usual)
        recent += max(1 / count, 1 - exp2(-1 / Self.halfLife)) * (min(abs(miss), Self.missMax * usual) - recent)
    }

    /// What intervals are multiplied with; one when misses are as usual.
    var factor: Double {
        guard count >= Self.missesMin, usual > 0 else { return 1 }
        return min(max((recent / usual).squareRoot(), Self.bounds.lowerBound), Self.bounds.upperBound)
    }
}
