// What the configuration lets the controller do with each segment.
import ClusterModel
import Planning
import Settings

struct SegmentTerms: Sendable {
    /// The groups with which less may be done than the controller's mode says.
    let modes: [GroupID: PlanningMode]
    /// Segments that stay where they are.
    let pinned: Set<SegmentID>

    init(modes: [GroupID: PlanningMode] = [:], pinned: Set<SegmentID> = []) {
        self.modes = modes
        self.pinned = pinned
    }

    /// - Throws: `ClusterError` about pinned segments that do not exist.
    init(_ configuration: Configuration, segments: [Segment]) throws {
        let pinned = Set(configuration.controller.pinned)
        let unknown = pinned.subtracting(segments.map(\.id)).sorted()
        guard unknown.isEmpty else {
            throw ClusterError(
                """
                controller.pinned names \(unknown.map(\.text).joined(separator: ", ")), which is no segment: \
                `foreshard segments` lists them.
                """)
        }
        let modes = configuration.groups.compactMap { group in
            group.mode.map { (group.group.id, PlanningMode($0)) }
        }
        self.init(modes: Dictionary(modes, uniquingKeysWith: min), pinned: pinned)
    }

    func hold(on segment: SegmentID) -> Hold? {
        pinned.contains(segment) ? Hold(reason: "it is pinned by the configuration") : nil
    }
}
