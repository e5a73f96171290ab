import ClusterModel
import ContingentPool

/// What a home has in other zones, in case that its own fails.
package struct ContingencyView: Codable, Sendable, Equatable {
    package var home: String
    package var zone: String
    /// Instances in other zones that are warm or could be made so.
    package var designated: Int
    /// Of which so many are warm.
    package var warm: Int
    /// Why there is none; nil when there is one.
    package var complaint: String?

    /// For people; nil when there is nothing to say.
    package var alarm: String? {
        complaint.map { "\(home) (zone \(zone)) has no contingency in another zone: \($0)" }
    }
}

extension ContingencyView {
    /// Of every home; empty where zones tell nothing apart, and where there is no pool.
    static func all(of homes: [Instance], in designation: Designation) -> [ContingencyView] {
        guard !designation.places.isEmpty, designation.hasSeveralZones(besides: homes.map(\.zone)) else { return [] }
        return homes.map { home in
            let contingency = designation.contingency(ofHomeIn: home.zone)
            return ContingencyView(
                home: home.id.text, zone: home.zone.text, designated: contingency.designated.count,
                warm: contingency.warm, complaint: contingency.complaint)
        }
    }
}
