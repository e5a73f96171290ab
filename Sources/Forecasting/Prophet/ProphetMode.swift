// The mode of the posterior, by OWL-QN (Andrew and Gao, ICML 2007): L-BFGS for a smooth function plus the sum of
// absolute values of some unknowns, here the changes of slope. It sets most of them to exactly zero.
//
// The unknowns are scaled so that one unit matters about as much in each of them.

import CLBFGS

#if canImport(Glibc)
    import Glibc
#endif

/// The most probable slope changes and noise, and the coefficients that go with them.
struct ProphetMode: Sendable {
    let smooth: [Double]
    let ramps: [Double]
    /// In units of the largest load.
    let noise: Double

    private static let iterationsMax: Int32 = 2_000
    private static let memory: Int32 = 20

    /// Nil when no finite mode is found.
    init?(_ posterior: ProphetPosterior, changepointPriorScale: Double) {
        let start = Self.start(posterior)
        let objective = Objective(posterior, start: start)
        var unknowns = [Double](repeating: 0, count: objective.count)
        // A status that is not success says where the search ended; what counts is whether it went down.
        let weight = objective.rampUnit / changepointPriorScale
        Self.minimise(objective, l1: weight, &unknowns)
        let (ramps, logNoise) = objective.parameters(unknowns)
        let isSound =
            logNoise.isFinite && ramps.allSatisfy(\.isFinite)
            && objective.value(at: unknowns, l1: weight)
                <= objective.value(at: unknowns.map { _ in 0 }, l1: weight)
        self.ramps = isSound ? ramps : ramps.map { _ in 0 }
        noise = exp(isSound ? logNoise : start)
        smooth = posterior.smoothCoefficients(ramps: self.ramps, noise: noise)
        guard noise.isFinite, smooth.allSatisfy(\.isFinite) else { return nil }
    }

    /// The logarithm of the noise that goes with a straight trend: its gradient is solved by fixed-point steps.
    private static func start(_ posterior: ProphetPosterior) -> Double {
        let ramps = [Double](repeating: 0, count: posterior.rampCount)
        var logNoise = log(0.1)
        for _ in 0..<10 {
            // gradient = n - residual / s^2 + s^2 / scale^2; the residual hardly depends on s.
            let variance = exp(2 * logNoise)
            let slope = posterior.value(ramps: ramps, logNoise: logNoise).noiseGradient
            let prior = variance / (ProphetPosterior.noisePriorScale * ProphetPosterior.noisePriorScale)
            let residual = max(0, (posterior.observations + prior - slope) * variance)
            let next = max(residual / (posterior.observations + prior), 1e-12)
            logNoise = log(next) / 2
        }
        return logNoise
    }

    private static func minimise(_ objective: Objective, l1 weight: Double, _ unknowns: inout [Double]) {
        guard let storage = lbfgs_malloc(Int32(unknowns.count)) else { return }
        defer { lbfgs_free(storage) }
        for index in unknowns.indices { storage[index] = unknowns[index] }
        var parameters = lbfgs_parameter_t()
        lbfgs_parameter_init(&parameters)
        parameters.m = memory
        parameters.max_iterations = iterationsMax
        parameters.epsilon = 1e-5
        // Ends when this many iterations gained less than this share of the value, which is some times the observations.
        parameters.past = 50
        parameters.delta = 1e-8
        if objective.rampCount > 0 {
            parameters.linesearch = Int32(LBFGS_LINESEARCH_BACKTRACKING)
            parameters.orthantwise_c = weight
            parameters.orthantwise_start = 0
            parameters.orthantwise_end = Int32(objective.rampCount)
        }
        let evaluate: lbfgs_evaluate_t = { instance, unknowns, gradient, _, _ in
            guard let instance, let unknowns, let gradient else { return .infinity }
            // The library may round the count up; what lies beyond the objective's own stays zero.
            return Unmanaged<Objective>.fromOpaque(instance).takeUnretainedValue().evaluate(unknowns, gradient)
        }
        withExtendedLifetime(objective) {
            _ = lbfgs(
                Int32(unknowns.count),
                storage,
                nil,
                evaluate,
                nil,
                Unmanaged.passUnretained(objective).toOpaque(),
                &parameters
            )
        }
        for index in unknowns.indices { unknowns[index] = storage[index] }
    }
}

/// The posterior over scaled unknowns: the ramps, then the logarithm of the noise, both from the start.
private final class Objective {
    private let posterior: ProphetPosterior
    private let start: Double
    /// A slope change of one unit moves the value by about one.
    let rampUnit: Double
    private let noiseUnit: Double
    /// Makes the value positive, as the library's test of progress divides by it: with the noise floor the logarithm of
    /// the density of an observation is bounded.
    private let shift: Double

    var rampCount: Int { posterior.rampCount }
    var count: Int { rampCount + 1 }

    init(_ posterior: ProphetPosterior, start: Double) {
        self.posterior = posterior
        self.start = start
        rampUnit = 10 * exp(start) / posterior.observations.squareRoot()
        noiseUnit = 1 / (2 * posterior.observations).squareRoot()
        shift = -posterior.observations * log(ProphetPosterior.noiseFloor)
    }

    func parameters(_ unknowns: [Double]) -> (ramps: [Double], logNoise: Double) {
        (unknowns[..<rampCount].map { $0 * rampUnit }, start + unknowns[rampCount] * noiseUnit)
    }

    func value(at unknowns: [Double], l1 weight: Double) -> Double {
        let (ramps, logNoise) = parameters(unknowns)
        let penalty = unknowns[..<rampCount].reduce(0) { $0 + abs($1) * weight }
        return posterior.value(ramps: ramps, logNoise: logNoise).value + penalty
    }

    func evaluate(_ unknowns: UnsafePointer<Double>, _ gradient: UnsafeMutablePointer<Double>) -> Double {
        let (ramps, logNoise) = parameters(Array(UnsafeBufferPointer(start: unknowns, count: count)))
        let (value, rampGradient, noiseGradient) = posterior.value(ramps: ramps, logNoise: logNoise)
        for index in 0..<rampCount { gradient[index] = rampGradient[index] * rampUnit }
        gradient[rampCount] = noiseGradient * noiseUnit
        return value + shift
    }
}
