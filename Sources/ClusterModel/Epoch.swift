/// The version of the routing table, and of one segment's ownership register on an instance.
///
/// A register is *even* where the instance owns the segment and *odd* where it does not (fenced, or not yet owner),
/// so a move from epoch `e` writes `e + 1` on the source (fence) and `e + 2` on the target (own).
package struct Epoch: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let number: Int64

    package init(_ number: Int64) { self.number = number }

    package static let initial = Epoch(2)

    package var isOwned: Bool { number & 1 == 0 }
    /// The register value that fences an owner at this epoch.
    package var fenced: Epoch { Epoch(number + 1) }
    /// The register value of the next owner.
    package var next: Epoch { Epoch(number + 2) }

    package static func < (a: Epoch, b: Epoch) -> Bool { a.number < b.number }
    package var description: String { String(number) }

    package init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}
