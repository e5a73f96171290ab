// Whether an expected overload costs more than meeting it: the newsvendor's question, asked anew at every plan. An
// unlikely or short overload is left alone until it is likelier; a measured one is met whatever it costs.

import ClusterModel

/// Both sides of the account, in the currency of `Prices`.
struct ReliefWorth: Equatable {
    /// Hours in which the source is expected to be asked for more than it carries, each weighted with its probability.
    var overloadHours = 0.0
    /// What these hours cost.
    var saved = 0.0
    /// The hours of the instances that are opened, and the moves there and back.
    var price = 0.0

    var pays: Bool { saved >= price }
}

extension PlanDraft {
    /// Of the overload that moves begun now can still help; the instances that are opened are needed until the source
    /// is under its target without them.
    func worth(of selection: ReliefSelection, from source: InstanceSnapshot) -> ReliefWorth {
        let (book, carried) = (committed[source.id], capacity(of: source.id))
        var worth = ReliefWorth()
        worth.overloadHours = helpfulSteps(for: source.id).reduce(0) {
            $0 + book.probability(exceeding: carried, at: $1) * horizon.hours(of: $1)
        }
        worth.saved = configuration.prices.overloadPerHour * worth.overloadHours
        let target = configuration.reliefTarget * carried
        let last = horizon.indices.last { book.quantile(outlook.grid.planning, at: $0) > target } ?? 0
        let hours = max(Self.leaseHoursMin, (horizon.ends[last] - now).inSeconds / 3600)
        worth.price =
            opened(by: selection).reduce(0) { $0 + (instances[$1]?.costPerHour ?? 0) } * hours
            + 2 * configuration.prices.perMove * Double(selection.reliefs.count)
        return worth
    }

    /// An instance is not emptied and given back sooner, with moves of five to twenty minutes there and back.
    private static let leaseHoursMin = 0.5

    /// The instances that have to be leased for it.
    func opened(by selection: ReliefSelection) -> Set<InstanceID> {
        Set(selection.reliefs.map(\.destination)).filter { id in
            instances[id]?.isOurs == false && !spokenFor.contains(id)
        }
    }

    mutating func noteNotWorthIt(_ worth: ReliefWorth, _ overload: ExpectedOverload, _ evidence: Evidence) {
        let sentence =
            "\(overload.instance) is left as it is: \(Wording.decimal(worth.overloadHours)) hours over its capacity are "
            + "expected, worth \(Wording.decimal(worth.saved)), and to relieve it costs "
            + "\(Wording.decimal(worth.price)); \(description(of: overload))"
        note(record(.wait, .notWorthIt, source: overload.instance, evidence: evidence, sentence: sentence))
    }
}
