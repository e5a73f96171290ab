import ClusterModel
import Routing
import Testing

@Suite struct PlacementTests {
    private let segments = Segment.equal(512, of: "shop")

    @Test(arguments: [1, 2, 3, 7, 20])
    func everySegmentIsPlacedAndNoHomeIsOverItsBound(homeCount: Int) {
        let placement = Placement.initial(segments: segments, homes: homes(homeCount))
        #expect(Set(placement.keys) == Set(segments.map(\.id)))
        let bound = (1 + Placement.slack) * Double(segments.count) / Double(homeCount)
        for (home, count) in counts(placement) { #expect(Double(count) <= bound.rounded(.up), "\(home)") }
    }

    @Test func weightsDecideTheShares() {
        let placement = Placement.initial(segments: segments, homes: ["big": 3, "small": 1, "off": 0, "odd": .nan])
        let counts = counts(placement)
        #expect(Set(counts.keys) == ["big", "small"])
        #expect((counts["small"] ?? 0) <= 160)
        #expect((counts["big"] ?? 0) > 2 * (counts["small"] ?? 0))
    }

    /// Ideally 1/(n + 1) of the segments move to the new home; bounded loads add a cascade of a few more.
    @Test(arguments: 2...10)
    func addingAHomeMovesFewSegments(homeCount: Int) {
        let before = Placement.initial(segments: segments, homes: homes(homeCount))
        let after = Placement.initial(segments: segments, homes: homes(homeCount + 1))
        let moved = segments.filter { before[$0.id] != after[$0.id] }.count
        #expect(Double(moved) <= 2 * Double(segments.count) / Double(homeCount + 1), "\(moved) moved")
    }

    @Test func theOrderOfTheSegmentsDoesNotMatter() {
        #expect(
            Placement.initial(segments: segments, homes: homes(3))
                == Placement.initial(segments: segments.reversed(), homes: homes(3))
        )
    }

    @Test func withoutHomesNothingIsPlaced() {
        #expect(Placement.initial(segments: segments, homes: [:]).isEmpty)
        #expect(Placement.initial(segments: [], homes: homes(2)).isEmpty)
        #expect(Placement.initial(segments: segments, homes: ["a": 1e308, "b": 1e308]).count == segments.count)
    }

    private func homes(_ count: Int) -> [InstanceID: Double] {
        Dictionary(uniqueKeysWithValues: (0..<count).map { (InstanceID("home-\($0)"), 1.0) })
    }

    private func counts(_ placement: [SegmentID: InstanceID]) -> [InstanceID: Int] {
        placement.values.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}
