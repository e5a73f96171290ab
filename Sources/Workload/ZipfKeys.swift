// Keys 1...count, of which few are wanted often: the k-th most wanted key has weight k^-exponent (Zipf).
// Which key has which rank is a seeded shuffle, so that the hot keys lie anywhere on the hash ring.
import ClusterModel
import Foundation

package struct ZipfKeys: Sendable {
    /// `cumulative[r]` is the probability of the ranks 0...r.
    private let cumulative: [Double]
    private let keyOfRank: [Int64]

    package init(count: Int, exponent: Double, seed: UInt64) {
        precondition(count > 0, "a distribution has at least one key, not \(count)")
        let weights = (1...count).map { pow(Double($0), -exponent) }
        let total = weights.reduce(0, +)
        var sum = 0.0
        cumulative = weights.map { weight in
            sum += weight / total
            return sum
        }
        var generator = SeededGenerator(seed: seed)
        keyOfRank = (1...Int64(count)).shuffled(using: &generator)
    }

    package func draw(using generator: inout some RandomNumberGenerator) -> Int64 {
        let target = Double.random(in: 0..<1, using: &generator)
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > target { high = middle } else { low = middle + 1 }
        }
        return keyOfRank[low]
    }

    /// Every key with its probability, hottest first.
    package var probabilities: [(key: Int64, probability: Double)] {
        keyOfRank.indices.map { rank in
            (keyOfRank[rank], cumulative[rank] - (rank == 0 ? 0 : cumulative[rank - 1]))
        }
    }
}
