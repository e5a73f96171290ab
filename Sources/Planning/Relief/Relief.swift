import ClusterModel

/// How well a move relieves its source.
package enum ReliefTier: Int, Hashable, Comparable, Sendable, Codable {
    /// The destination stays below its target.
    case comfortable
    /// The destination stays below its overload threshold.
    case tight
    /// Everything is hot: the move takes away more overload than it adds.
    case partial

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// One segment chosen to leave its source.
struct Relief: Equatable {
    let segment: SegmentSnapshot
    let destination: InstanceID
    let tier: ReliefTier
    /// Highest loads at the planning quantile once this and the earlier ones have moved.
    let sourcePeakAfter: Double
    let destinationPeakAfter: Double
    let alternatives: [Alternative]
}

/// An instance that could take segments.
struct Destination: Equatable {
    let instance: InstanceSnapshot
    /// What is planned with: the stated capacity, or less where it was measured to be less.
    let capacity: Double
    /// Ours already, or to be leased by this plan anyway.
    var isOpen: Bool

    /// Nil when the instance is not to be had.
    init?(_ instance: InstanceSnapshot, capacity: Double, isOpen: Bool) {
        guard instance.readyWithin != nil else { return nil }
        self.instance = instance
        self.capacity = capacity
        self.isOpen = isOpen
    }
}

extension InstanceSnapshot {
    /// How soon it could take a segment; nil when it is not to be had.
    var readyWithin: Duration? {
        switch availability {
        case .active, .warm: .zero
        case .arriving(let span), .obtainable(let span): span
        case .unavailable: nil
        }
    }

    /// Whether the pool has given it to us.
    var isOurs: Bool {
        switch availability {
        case .active, .arriving: true
        case .warm, .obtainable, .unavailable: false
        }
    }
}
