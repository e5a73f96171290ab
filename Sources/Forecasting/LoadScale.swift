// The scale in which models compute. Load grows and falls by factors, and its errors with it: in logarithms a match
// doubles the load whatever the base, and residuals have one spread by night and by day. The offset keeps zero finite
// and the noise of a nearly idle subject small.

#if canImport(Glibc)
    import Glibc
#endif

/// A strictly increasing map from load to the models' scale, and back.
enum LoadScale: Equatable, Sendable {
    /// `log(load + offset)`.
    case logarithmic(offset: Double)
    /// The load itself.
    case linear

    /// The logarithm, with an offset small against the typical load of `history`.
    static func logarithmic(for values: [Double]) -> LoadScale {
        let positive = values.filter { $0 > 0 }.sorted()
        return .logarithmic(offset: positive.isEmpty ? 1 : max(positive[positive.count / 2] * 0.02, 1e-9))
    }

    func scaled(_ load: Double) -> Double {
        switch self {
        case .logarithmic(let offset): log(max(load, 0) + offset)
        case .linear: load
        }
    }

    /// Never negative and always finite, whatever the model says.
    func load(_ scaled: Double) -> Double {
        switch self {
        case .logarithmic(let offset): max(0, exp(min(scaled, 600)) - offset)
        case .linear: max(0, scaled)
        }
    }

    /// The standard deviation in this scale of an error of `deviation` at `load`.
    func deviation(_ deviation: Double, at load: Double) -> Double {
        switch self {
        case .logarithmic(let offset): deviation / (max(load, 0) + offset)
        case .linear: deviation
        }
    }
}
