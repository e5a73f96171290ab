// An arc is a closed interval of PostgreSQL's 64-bit extended hash, written as SQL's BETWEEN writes it.
// Invariant: lower <= upper; an arc never wraps. The arcs of a group cover Int64.min ... Int64.max without overlap.

/// A closed interval of the 64-bit hash ring.
package struct HashArc: Hashable, Sendable, Codable, CustomStringConvertible {
    package let lower: Int64
    package let upper: Int64

    /// Nil when `lower > upper`.
    package init?(lower: Int64, upper: Int64) {
        guard lower <= upper else { return nil }
        self.lower = lower
        self.upper = upper
    }

    private init(unchecked lower: Int64, _ upper: Int64) {
        self.lower = lower
        self.upper = upper
    }

    package static let whole = HashArc(unchecked: .min, .max)

    package func contains(_ position: Int64) -> Bool { lower <= position && position <= upper }

    package func overlaps(_ other: HashArc) -> Bool { lower <= other.upper && other.lower <= upper }

    /// This arc's share of the whole ring, in 0...1.
    package var share: Double { (Double(upper) - Double(lower) + 1) / 18_446_744_073_709_551_616.0 }

    /// The ring cut into `count` arcs of equal length (to within one position), in order.
    package static func equalParts(_ count: Int) -> [HashArc] {
        precondition(count > 0, "a ring has at least one arc, not \(count)")
        let width = UInt64.max / UInt64(count)
        return (0..<count).map { index in
            let first = UInt64(index) * width
            let last = index == count - 1 ? UInt64.max : first + width - 1
            return HashArc(unchecked: position(first), position(last))
        }
    }

    /// The arc cut in two after `position`; nil when `position` is its upper end or lies outside.
    package func split(after position: Int64) -> (HashArc, HashArc)? {
        guard contains(position), position < upper else { return nil }
        return (HashArc(unchecked: lower, position), HashArc(unchecked: position + 1, upper))
    }

    private static func position(_ offset: UInt64) -> Int64 { Int64(bitPattern: offset ^ (1 << 63)) }

    package var description: String { "[\(lower), \(upper)]" }
}
