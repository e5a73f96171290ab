// The recent misses of one model at one horizon step, kept sorted so that quantiles are read and not computed.
// Invariant: `sorted` holds the values of `arrivals`, ascending. Single precision: a miss needs three digits.

#if canImport(Glibc)
    import Glibc
#endif

/// Residuals of the last days, oldest leave first.
struct ResidualWindow: Sendable {
    private var arrivals: [(step: Int32, value: Float)] = []
    /// Where the oldest arrival lies; those before have left.
    private var oldest = 0
    private(set) var sorted: [Float] = []

    var count: Int { sorted.count }

    mutating func insert(_ value: Double, at step: Int) {
        let value = Float(value)
        if sorted.count == sorted.capacity { reserve(sorted.count + max(16, sorted.count / 8)) }
        arrivals.append((Int32(truncatingIfNeeded: step), value))
        sorted.insert(value, at: position(of: value))
    }

    /// By less than an array grows by itself: there are many windows.
    private mutating func reserve(_ capacity: Int) {
        sorted.reserveCapacity(capacity)
        arrivals.reserveCapacity(capacity + capacity / 8)
    }

    /// Drops what arrived before `step`.
    mutating func expire(before step: Int) {
        while oldest < arrivals.count, arrivals[oldest].step < Int32(truncatingIfNeeded: step) {
            sorted.remove(at: position(of: arrivals[oldest].value))
            oldest += 1
        }
        if oldest > 32, oldest * 8 > arrivals.count {
            arrivals.removeFirst(oldest)
            oldest = 0
        }
    }

    /// The quantile that a new residual stays below with probability `level`, after the conformal count of n + 1.
    /// Zero when there are none.
    func quantile(_ level: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let position = min(max(level * Double(count + 1) - 1, 0), Double(count - 1))
        let low = Int(position)
        let high = min(low + 1, count - 1)
        return Double(sorted[low]) + (Double(sorted[high]) - Double(sorted[low])) * (position - Double(low))
    }

    /// The median absolute deviation from the median, as the standard deviation of a normal variable would show it.
    func robustDeviation() -> Double {
        guard count > 1 else { return 0 }
        let middle = Float(quantile(0.5))
        var (low, high) = (0, count - 1)
        for _ in 0..<count / 2 {  // strip the farthest half from either end
            if middle - sorted[low] > sorted[high] - middle { low += 1 } else { high -= 1 }
        }
        return 1.4826 * Double(max(middle - sorted[low], sorted[high] - middle))
    }

    private func position(of value: Float) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
