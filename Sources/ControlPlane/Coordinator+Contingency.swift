// The alarm of a home that nothing stands by for in another zone. Told when it begins and when it ends.
import ClusterModel
import ContingentPool

/// What was said of homes without contingency, so that it is said once.
struct ContingencyWatch {
    enum Notice: Equatable {
        case oneZone
        case missing(ContingencyView)
        case found(ContingencyView)
    }

    private var missing: Set<String> = []
    private var isFirst = true

    /// - Parameters:
    ///   - contingencies: of every home; empty where zones tell nothing apart.
    ///   - hasPool: whether there is any contingent instance.
    mutating func looked(_ contingencies: [ContingencyView], hasPool: Bool) -> [Notice] {
        let saysOneZone = isFirst && hasPool && contingencies.isEmpty
        isFirst = false
        let changes = contingencies.compactMap { view -> Notice? in
            if view.complaint == nil { return missing.remove(view.home).map { _ in .found(view) } }
            return missing.insert(view.home).inserted ? .missing(view) : nil
        }
        return (saysOneZone ? [.oneZone] : []) + changes
    }
}

extension Coordinator {
    package func contingencies() async -> [ContingencyView] {
        ContingencyView.all(of: parts.homes, in: await parts.pool.designation)
    }

    func watchContingencies() async {
        let designation = await parts.pool.designation
        let views = ContingencyView.all(of: parts.homes, in: designation)
        for notice in contingencyWatch.looked(views, hasPool: !designation.places.isEmpty) { tell(notice) }
    }

    private func tell(_ notice: ContingencyWatch.Notice) {
        switch notice {
        case .oneZone:
            parts.logger.notice(
                "homes and contingent instances are all in one zone: nothing is designated for its failure (see `zone`)"
            )
        case .missing(let view):
            let sentence = view.alarm ?? ""
            parts.logger.error(
                "a home has no contingency in another zone",
                metadata: ["instance.id": "\(view.home)", "pool.alarm": "\(sentence)"])
            audit("alarm", sentence, view, instance: InstanceID(view.home))
        case .found(let view):
            let sentence = "\(view.home) has a contingency in another zone again: \(view.designated) designated"
            parts.logger.notice(
                "a home has a contingency in another zone again", metadata: ["instance.id": "\(view.home)"])
            audit("alarm", sentence, view, instance: InstanceID(view.home))
        }
    }
}
