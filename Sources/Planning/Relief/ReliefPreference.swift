/// By what the segments that leave an instance are chosen.
enum ReliefPreference: CaseIterable {
    /// As few as possible; quick ones first.
    case fewestMoves
    /// Those first that have room on instances that are ours or opened before; cool ones first.
    case openInstances
    /// As little load as possible, so that other instances' segments have room beside it.
    case leastLoad
}

/// What the reliefs of a plan come to. The smaller is the better.
struct ReliefAccount: Comparable {
    /// Sources that stay over their target, or fill a destination over its own.
    var incomplete = 0
    /// Of the moves, and of the instances that they open, to the end of the horizon.
    var price = 0.0
    var opensInstances = false

    static func < (a: Self, b: Self) -> Bool { (a.incomplete, a.price) < (b.incomplete, b.price) }
}
